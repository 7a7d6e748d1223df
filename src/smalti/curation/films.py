"""``video``: films to stacks, frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from smalti.core.errors import SmaltiError
from smalti.core.image import Image
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.curation.each import Desk, Each, each
from smalti.curation.outcome import Outcome
from smalti.curation.planes import check_channel, picked
from smalti.curation.plans import SkipError
from smalti.curation.sources import Given, Source, images_of
from smalti.curation.stacks import (
    ENDINGS,
    Form,
    form_option,
    packed_option,
    picked_notes,
    region_reader,
    write_stack,
)
from smalti.curation.usual import channel_option, fresh_option
from smalti.writers.volume import Volume

__all__ = ["VideoOptions", "video"]

KIND = "video"


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Which frames are taken, and what they become."""

    channel: str = channel_option()
    every: int = option(1, "Take every n-th frame, from the first.", least=1, metavar="N")
    write: Form = form_option()
    gzip: bool = packed_option()
    fresh: bool = fresh_option()


@step(KIND, title="Stacks of videos", options=VideoOptions)
def video(sources: Sequence[Given], out: str, options: VideoOptions, progress: Progress) -> Outcome:
    """Write AVI, MP4, MOV and other films as stacks of grey frames, one frame in memory at a time.

    That a stack was a film stands in its name, its metadata and the table ``video.parquet``: its slices are
    points of time, and only its frames are cut to patches. The same command goes on where it was stopped, and
    takes only films that are new or changed.

    Raises
    ------
    UsageError
        There is no film, or `out` was filled with other options.
    """
    check_channel(options.channel)
    asked = {
        "step": "video 1",
        **{name: getattr(options, name) for name in ("channel", "every", "write", "gzip")},
    }
    plan = Each(KIND, "stack", asked, partial(_work, options=options), fresh=options.fresh)
    return each(sources, out, plan, progress)


def _work(source: Source, desk: Desk, *, options: VideoOptions) -> None:
    n_films = 0
    for image in images_of(source):
        if _is_film(image):
            n_films += 1
            _write(image, source, desk, options)
    if not n_films:
        raise SkipError("it is no video; images are standardized, volumes are cut as they are")


def _is_film(image: Image) -> bool:
    """Whether it is a film, also one in a format of pictures, such as GIF."""
    moving = image.ref.loader == "raster" and image.sizes["T"] > 1
    return image.ref.loader == "video" or moving


def _write(image: Image, source: Source, desk: Desk, options: VideoOptions) -> None:
    one = picked(image, "T", options.channel)
    assert image.dtype is not None
    frames = -(-one.shape[0] // options.every)
    series = f"_{image.ref.series}" if image.ref.series else ""
    name = f"{source.dataset}{series}_video"
    interval = image.time_interval_s
    volume = Volume(
        axes="tyx",
        shape=(frames, *one.shape[1:]),
        dtype=image.dtype,
        steps={"t": interval * options.every} if interval else {},
        name=name.rpartition("/")[2],
        facts={"kind": KIND, "source": source.ref.path, "every": str(options.every)},
    )
    path = desk.place(f"{name}{ENDINGS[options.write]}")
    for note in picked_notes(image, "T", options.channel):
        desk.say(note)
    try:
        read = region_reader(one, every=options.every)
        desk.say(write_stack(path, options.write, volume, read, packed=options.gzip))
    except SmaltiError as error:
        raise SmaltiError(f"{error}; a stack with gaps is not written") from error
    desk.made(
        path,
        kind=KIND,
        series=image.ref.series,
        shape=list(volume.shape),
        dtype=str(image.dtype),
        box=[0, one.shape[0], 0, one.shape[1], 0, one.shape[2]],
    )
