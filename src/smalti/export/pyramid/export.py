"""Images into one store of OME-Zarr pyramids: ``smalti pyramid``."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import exporter
from smalti.core.progress import Progress, State
from smalti.core.remote import shown
from smalti.export.images import Chosen, of_folders
from smalti.export.pyramid.factors import Factors, parse_factors
from smalti.export.pyramid.images import source_of_image
from smalti.export.pyramid.layouts import Layout, Numbered, Plated, Single
from smalti.export.pyramid.options import PyramidOptions
from smalti.export.pyramid.places import plate_of, plate_that_stores_state
from smalti.export.pyramid.source import Source
from smalti.export.pyramid.writing import How, Writer, planned, writer
from smalti.export.report import Report
from smalti.loaders.choose import open_images
from smalti.processing.settings import Settings

__all__ = ["pyramid", "write_chosen"]

_LOG = logging.getLogger(__name__)

ERRORS_SHOWN = 10
LINES_SHOWN = 12


@exporter("pyramid", title="OME-Zarr pyramid", options=PyramidOptions, suffix=".ome.zarr")
def pyramid(images: Chosen, out: str, options: PyramidOptions, progress: Progress) -> Report:
    """Images at several resolutions for viewers: one image, several by number, or the fields of a plate.

    Raises
    ------
    UsageError
        There is something in its place, or what is asked does not fit an image. Nothing is written then.
    """
    factors = None if options.scale_factors is None else parse_factors(options.scale_factors)
    return write_chosen(images, out, options, progress, factors)


def write_chosen(
    images: Chosen,
    out: str,
    options: PyramidOptions,
    progress: Progress,
    factors: Factors | int | None,
) -> Report:
    """As `pyramid`, with scale factors as Python has them instead of those of the options."""
    how = _how(options, factors)
    limit = Settings(workers=options.workers, memory=options.memory_bytes).plane_limit
    run = _Run(images, limit, options, progress, time.monotonic())
    try:
        if options.dry_run:
            return Report(shown(out), plan=_cut(run.plan(how)), problems=images.problems)
        with writer(out, how, options.overwrite, options.workers) as made:
            run.write(made, run.layout())
            if run.written:
                made.staged.commit()
    finally:
        progress.close()
    return Report(
        shown(out),
        run.written,
        run.failed,
        run.written,
        tuple(run.errors),
        images.problems,
        time.monotonic() - run.started,
        told_in="",
    )


def _cut(lines: Iterator[str]) -> tuple[str, ...]:
    """The first lines, and how many more there are."""
    first = tuple(islice(lines, LINES_SHOWN))
    more = sum(1 for _ in lines)
    return (*first, f"and {more:,} more") if more else first


def _how(options: PyramidOptions, factors: Factors | int | None) -> How:
    return How(
        options.method,
        options.label_method,
        factors,
        options.ngff,
        options.chunks,
        options.compressor,
        options.clevel,
    )


@dataclass(slots=True)
class _Run:
    """One run over images."""

    images: Chosen
    limit: int
    options: PyramidOptions
    progress: Progress
    started: float
    written: int = 0
    failed: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)

    def layout(self) -> Layout:
        """How the images share the store."""
        if len(self.images.refs) == 1 and (self.images.single or self._series(self.images.refs[0]) == 1):
            return Single()
        plate = plate_of(self.images) or plate_that_stores_state(self._of_stores())
        return Numbered() if plate is None else Plated(plate)

    def write(self, made: Writer, layout: Layout) -> None:
        """Write all images that can be read; of the others the reasons are kept."""
        with self._labels(isinstance(layout, Single)) as labels:
            for ref in self.images.refs:
                path = ""
                try:
                    for image in self._opened(ref):
                        path = layout.path(image.ref)
                        self._tell(image.ref.path, 0)
                        made.image(path, self._source(image), labels, _Share(self, image))
                        layout.took(image.ref)
                        self.written, path = self.written + 1, ""
                except UsageError:
                    raise
                except (SmaltiError, MemoryError) as error:
                    self._fail(ref, error)
                    if path or isinstance(layout, Single):
                        made.drop(path)
        if self.written:
            layout.finish(made.group)

    def plan(self, how: How) -> Iterator[str]:
        """What would be written, a line an image."""
        for ref in self.images.refs:
            try:
                for image in self._opened(ref):
                    source = self._source(image)
                    levels = planned(source, how).levels
                    shapes = " → ".join("×".join(map(str, level.array.shape)) for level in levels)
                    yield f"{source.name}: {source.dtype} {source.names} {shapes}"
            except UsageError:
                raise
            except SmaltiError as error:
                yield f"{ref.path}: {error}"

    def _source(self, image: Image) -> Source:
        return source_of_image(image, self.options.axes or "")

    def _of_stores(self) -> Iterator[Image]:
        """All images, where all are in stores: only these say which field of a plate an image is."""
        if all(ref.uri.endswith("/") or Path(ref.uri).is_dir() for ref in self.images.refs):
            for ref in self.images.refs:
                with suppress(SmaltiError):  # writing it tells why
                    yield from self._opened(ref)

    def _series(self, ref: ImageRef) -> int:
        try:
            return sum(1 for _ in self._opened(ref))
        except SmaltiError:
            return 1  # writing it tells why

    def _opened(self, ref: ImageRef) -> Iterator[Image]:
        """The images of a file that were chosen, each readable until the next is asked for."""
        with open_images(ref, self.limit, ref.loader) as opened:
            for image in opened:
                if not self.images.single or image.ref.series == ref.series:
                    yield image

    @contextmanager
    def _labels(self, alone: bool) -> Iterator[Mapping[str, Source]]:
        """Labels of a single image, whose files are open."""
        given = dict(_named(text) for text in self.options.labels)
        if given and not alone:
            raise UsageError("labels belong to one image; give a single one")
        opened: dict[str, Iterator[Image]] = {}
        try:
            sources = {}
            for name, file in given.items():
                opened[name] = self._opened(of_folders([file]).refs[0])
                sources[name] = source_of_image(next(opened[name]))
            yield sources
        finally:
            for images in opened.values():
                images.close()  # type: ignore[attr-defined]  # they are generators

    def _fail(self, ref: ImageRef, error: BaseException) -> None:
        self.failed += 1
        reason = str(error) or type(error).__name__
        _LOG.warning("%s: %s", ref.path, reason)
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append((ref.path, reason))

    def _tell(self, path: str, share: float) -> None:
        done, seconds = self.written + self.failed, time.monotonic() - self.started
        total = max(len(self.images.refs), done)
        self.progress.update(State(done, total, self.failed, seconds, f"writing {path}, {share:.0%}"))


class _Share:
    """Told of bytes of an image, tells which share of it is written."""

    def __init__(self, run: _Run, image: Image) -> None:
        self._run, self._path = run, image.ref.path
        self._whole = max(1, image.n_planes * image.plane_bytes)
        self._done = 0

    def __call__(self, n_bytes: int) -> None:
        self._done += n_bytes
        self._run._tell(self._path, self._done / self._whole)


def _named(text: str) -> tuple[str, str]:
    name, sign, file = text.partition("=")
    if not sign or not name or not file:
        raise UsageError(f"--labels {text!r}: give a name and a file, as cells=masks.tif")
    return name, file
