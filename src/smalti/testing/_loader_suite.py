"""The rules of a loader, one test each; see `smalti.testing.conformance`."""

import gc
import json
import os
import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from smalti.core.axes import PlaneIndex
from smalti.core.errors import SmaltiError, TooLargeError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import Plugin
from smalti.testing._values import why_not

__all__ = ["LoaderSuite"]

Sample = tuple[Path, np.ndarray | None]

ENOUGH = 2**32
OPENING = 2**20
"""Bytes that opening a file may take beside its pixels: headers, tables of offsets, XML."""


class LoaderSuite:
    """Inherit, set `loader`, write `make_file`; pytest then runs one test a rule.

    Attributes
    ----------
    loader
        The marked generator function.
    pixel_size_um
        What the made file states, keyed ``"X"``, ``"Y"``, ``"Z"``; empty when it states nothing.
    """

    loader: ClassVar[Callable[[ImageRef, int], Iterator[Image]]]
    pixel_size_um: ClassVar[Mapping[str, float]] = {}

    def make_file(self, folder: Path) -> Sample:
        """Write a small whole file (or store) into `folder`.

        Returns
        -------
        tuple
            Its path, and what `Image.read` must give for its first series; None instead of pixels when
            the loader knows images by metadata only.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must say how to make a file: def make_file(self, folder)"
        )

    def open(self, path: Path, limit: int = ENOUGH) -> AbstractContextManager[Iterator[Image]]:
        """Open a file as processing does; override to add what stands between it and the loader."""
        facts = path.stat()
        ref = ImageRef(uri=str(path), path=path.name, size_bytes=facts.st_size, mtime=facts.st_mtime)
        return closing(type(self).loader(ref, limit))  # type: ignore[type-var]

    @property
    def plugin(self) -> Plugin:
        """What the loader's mark says."""
        found = getattr(type(self).loader, "__smalti__", None)
        assert isinstance(found, Plugin), (
            f"{type(self).__name__}.loader carries no mark; decorate it with @loader(…)"
        )
        return found

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A folder with a name that people use and programs trip over."""
        folder = tmp_path / "plate 1 #2 µ%20"
        folder.mkdir()
        return folder

    @pytest.fixture
    def sample(self, folder: Path) -> Sample:
        """The made file and its pixels."""
        return self.make_file(folder)

    @pytest.fixture
    def image(self, sample: Sample) -> Iterator[Image]:
        """The first image of the made file, open."""
        with self.open(sample[0]) as images:
            yield next(images)

    @pytest.fixture
    def pixels(self, sample: Sample) -> np.ndarray:
        """The pixels to expect; a loader without pixels skips the test."""
        if sample[1] is None:
            pytest.skip("known by metadata only")
        return sample[1]

    def test_it_is_marked_as_a_loader_and_says_what_it_reads(self) -> None:
        """A loader without extension and magic bytes would never be chosen."""
        assert self.plugin.kind == "loader", f"the mark says {self.plugin.kind}; decorate it with @loader(…)"
        chosen_by = (*self.plugin.options["extensions"], *self.plugin.options["magic"])
        assert chosen_by, "neither extensions nor magic are declared; state at least one"
        for extension in self.plugin.options["extensions"]:
            assert extension == extension.lower().lstrip("."), f"write extension {extension!r} as 'ome.tif'"

    def test_images_keep_the_reference_and_number_their_series(self, sample: Sample) -> None:
        """Two images of one file with one series would overwrite each other's row."""
        path = sample[0]
        with self.open(path) as images:
            refs = [image.ref for image in images]
        assert refs, f"{path.name} gave no image; yield at least one"
        assert {(ref.uri, ref.path) for ref in refs} == {(str(path), path.name)}, "the reference was changed"
        assert [ref.series for ref in refs] == list(range(len(refs))), "number the series 0, 1, 2, …"
        assert {ref.loader for ref in refs} <= {None, self.plugin.name}, "ref.loader names another loader"

    def test_axes_shape_and_samples_agree(self, image: Image) -> None:
        """`Image` checks the axes itself; this adds what it cannot refuse."""
        length = image.sizes
        assert (image.dtype is None) == (image.axes == ""), "an image has both axes and dtype, or neither"
        assert all(image.shape), f"an axis is empty: {image.axes} {image.shape}"
        assert len(image.samples) == (length["S"] if "S" in image.axes else 0), (
            "samples: one letter per colour sample"
        )
        if image.channel_names is not None:
            assert len(image.channel_names) == length["C"], "channel_names: one per channel, or None"
        if image.block_shape is not None:
            assert len(image.block_shape) == len(image.axes), "block_shape: one length per axis"
        assert image.partial is None, f"a whole file is called partial: {image.partial}"

    def test_read_gives_the_stored_pixels_and_the_stated_dtype(
        self, image: Image, pixels: np.ndarray
    ) -> None:
        """No scaling, no lost axis."""
        read = image.read()
        assert read.shape == image.shape, f"stated shape {image.shape}, read {read.shape}"
        assert read.dtype == image.dtype, f"stated dtype {image.dtype}, read {read.dtype}"
        stored = pixels.dtype.newbyteorder("=")  # either byte order may be handed out
        assert read.dtype.newbyteorder("=") == stored, f"stored dtype {stored}, read {read.dtype}"
        np.testing.assert_array_equal(read, pixels)

    def test_single_planes_equal_slices_of_the_whole(self, image: Image, pixels: np.ndarray) -> None:
        """An int drops its axis."""
        for index in image.planes():
            np.testing.assert_array_equal(_read_plane(image, index), _plane_of(pixels, image.axes, index))

    def test_regions_equal_slices_of_the_whole(self, image: Image, pixels: np.ndarray) -> None:
        """Slices keep their axis; steps and negative indices mean what they mean in NumPy."""
        height = image.sizes["Y"]
        rows, columns = slice(height // 4, height // 2 + 1), slice(None, None, 2)
        index = tuple({"Y": rows, "X": columns}.get(axis, slice(None)) for axis in image.axes)
        np.testing.assert_array_equal(image.read(y=rows, x=columns), pixels[index])
        last = tuple(-1 if axis == "Y" else slice(None) for axis in image.axes)
        np.testing.assert_array_equal(image.read(y=-1), pixels[last])

    def test_each_level_reads_in_its_stated_shape(self, image: Image, pixels: np.ndarray) -> None:
        """Full size first, then smaller and smaller."""
        shapes = image.levels or (image.shape,)
        assert shapes[0] == image.shape, f"levels[0] is {shapes[0]}, the image {image.shape}"
        for level, shape in enumerate(shapes):
            assert image.read(level=level).shape == shape, f"level {level} is stated as {shape}"

    def test_two_threads_read_the_right_pixels(self, sample: Sample, pixels: np.ndarray) -> None:
        """Widgets and workers open one file side by side: a loader keeps nothing outside its generator."""
        with self.open(sample[0]) as one, self.open(sample[0]) as two, ThreadPoolExecutor(2) as pool:
            pair = (next(one), next(two))
            for planes in pool.map(_all_planes, pair):
                for index, plane in planes:
                    np.testing.assert_array_equal(plane, _plane_of(pixels, pair[0].axes, index))

    def test_an_image_without_pixels_brings_declared_columns(self, image: Image, sample: Sample) -> None:
        """A metadata-only loader fills columns of its own, else its rows would say nothing."""
        if sample[1] is not None:
            pytest.skip("has pixels")
        assert image.pixels is None, "make_file gave no pixels to expect, the image has some"
        with pytest.raises(ValueError, match="metadata only"):
            image.read()
        declared = {column.name for column in self.plugin.columns}
        assert declared & image.metadata.keys(), "no declared column is filled; put them in image.metadata"

    def test_metadata_is_flat_and_fits_json(self, image: Image) -> None:
        """It becomes a JSON column; only dates are turned into text."""
        for key, value in image.metadata.items():
            assert isinstance(key, str), f"metadata key {key!r} is no text"
            assert not isinstance(value, Mapping), f"metadata[{key!r}] is nested; use keys like 'outer.inner'"
            json.dumps(value, default=_date_only)

    def test_declared_columns_hold_values_of_their_type(self, image: Image) -> None:
        """Else they would be null in the table."""
        for column in self.plugin.columns:
            trouble = why_not(column, image.metadata.get(column.name))
            assert trouble is None, trouble

    def test_pixel_sizes_are_those_the_file_states(self, image: Image) -> None:
        """Unknown is absent, never an invented 1.0."""
        assert dict(image.pixel_size_um) == pytest.approx(dict(self.pixel_size_um)), (
            f"stated in the file: {dict(self.pixel_size_um)}; found: {dict(image.pixel_size_um)}"
        )

    def test_closing_early_closes_the_file(self, sample: Sample) -> None:
        """Ten thousand files are opened in one process."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            with self.open(sample[0]) as images:
                _read_all(next(images))
            gc.collect()
        left = [str(warning.message) for warning in caught if warning.category is ResourceWarning]
        assert not left, f"left open: {left}; open files in a with statement around the yield"
        assert not _handles(sample[0]), f"{sample[0].name} is still open after the loader was closed"

    def test_a_small_limit_is_kept_while_opening(self, sample: Sample) -> None:
        """What is declared larger than the limit is refused, or yielded unread with its true size."""
        self._open_under(sample[0], ENOUGH)  # imports are not the loader's memory
        tracemalloc.start()
        try:
            declared = self._open_under(sample[0], 1)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < OPENING, (
            f"opening took {peak:,} bytes under a limit of 1; raise TooLargeError before reading"
        )
        if declared is not None and sample[1] is not None:
            assert declared == self._open_under(sample[0], ENOUGH), "plane_bytes depends on the limit"

    def _open_under(self, path: Path, limit: int) -> int | None:
        """Bytes a plane takes as declared; None when refused."""
        try:
            with self.open(path, limit) as images:
                return max(image.plane_bytes for image in images)
        except TooLargeError:
            return None

    def _read_file(self, path: Path) -> None:
        with self.open(path) as images:
            for image in images:
                _read_all(image)

    @pytest.mark.parametrize(
        "content",
        [b"", b"\x00", b"not an image\n" * 9, bytes(range(256)) * 8],
        ids=["empty", "zero", "text", "bytes"],
    )
    def test_garbage_is_refused_in_words(self, folder: Path, content: bytes) -> None:
        """A SmaltiError, so that the row says why; never another exception, never pixels."""
        path = folder / f"garbage.{(*self.plugin.options['extensions'], 'bin')[0]}"
        path.write_bytes(content)
        with pytest.raises(SmaltiError):
            self._read_file(path)

    @pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
    def test_a_cut_file_never_gives_invented_pixels(self, sample: Sample, share: float) -> None:
        """It is refused, or partial, or gives the same pixels because what was cut holds none."""
        path, pixels = sample
        if path.is_dir():
            pytest.skip("a store has no end to cut")
        os.truncate(path, int(share * path.stat().st_size))
        with suppress(SmaltiError), self.open(path) as images:
            image = next(images)
            read = _read_all(image)
            if image.partial is None and pixels is not None:
                np.testing.assert_array_equal(read, pixels)


def _read_plane(image: Image, index: PlaneIndex) -> np.ndarray:
    return image.read(t=index.t, c=index.c, z=index.z)


def _all_planes(image: Image) -> list[tuple[PlaneIndex, np.ndarray]]:
    """All planes, three times over, so that two threads have time to meet."""
    return [(index, _read_plane(image, index)) for _ in range(3) for index in image.planes()]


def _plane_of(pixels: np.ndarray, axes: str, index: PlaneIndex) -> np.ndarray:
    at = dict(zip("TCZ", index, strict=True))
    plane: np.ndarray = pixels[tuple(at.get(axis, slice(None)) for axis in axes)]
    return plane


def _read_all(image: Image) -> np.ndarray | None:
    return None if image.pixels is None else image.read()


def _date_only(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} ({value!r}) does not fit JSON; make it a number or text")


def _handles(path: Path) -> list[str]:
    """Open handles on `path` or below it; empty where the system does not list them."""
    listed = Path("/proc/self/fd")
    found = []
    for handle in listed.iterdir() if listed.is_dir() else ():
        with suppress(OSError):  # closed since it was listed
            found.append(os.readlink(handle))  # noqa: PTH115  # the target of a pipe is no path
    return [target for target in found if target.startswith(str(path))]
