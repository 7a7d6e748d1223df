"""Video: frames in any order against decoding from the first to the last; times; damage."""

from contextlib import suppress
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images
from smalti.testing.synthetic import time_series

MOVIES = [
    "video/bulk-water.mov",
    "video/clip_h264.mp4",
    "video/clip_mjpeg.avi",
    "video/clip_ffv1_lossless.avi",
]
CODECS = {
    "mp4": "libx264",
    "mov": "mpeg4",
    "mkv": "ffv1",
    "webm": "libvpx-vp9",
    "mpg": "mpeg2video",
    "avi": "mjpeg",
}
SHAPE = (48, 64)


def written(path, codec=None, ticks=range(12), clock=Fraction(1, 25), group=5):
    """A film of a moving picture with one frame at each tick of the clock."""
    name = codec or CODECS[path.suffix[1:]]
    grey = (time_series(shape=SHAPE, n=len(ticks)) >> 4).clip(0, 255).astype(np.uint8)
    with av.open(path, "w") as container:
        stream = container.add_stream(name, rate=Fraction(1, clock))
        stream.height, stream.width = SHAPE
        stream.pix_fmt = "yuvj420p" if name == "mjpeg" else "yuv420p"
        stream.gop_size, stream.codec_context.time_base, stream.codec_context.thread_count = group, clock, 1
        for tick, plane in zip(ticks, grey, strict=True):
            frame = av.VideoFrame.from_ndarray(np.stack([plane] * 3, -1), format="rgb24")
            frame.pts, frame.time_base = tick, clock
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def decoded(path, most=10**6):
    """Frames as PyAV gives them one after the other."""
    with av.open(path) as container:
        frames = container.decode(video=0)
        return np.stack(
            [frame.to_ndarray(format="rgb24") for frame, _ in zip(frames, range(most), strict=False)]
        )


@pytest.mark.parametrize("kind", CODECS)
def test_frames_of_every_container_are_those_of_plain_decoding(tmp_path, first, kind):
    path = written(tmp_path / f"a.{kind}")
    with first(path) as image:
        assert (image.ref.loader, image.axes, image.shape, image.samples) == (
            "video",
            "TYXS",
            (12, *SHAPE, 3),
            "RGB",
        )
        np.testing.assert_array_equal(image.read(), decoded(path), strict=True)
        np.testing.assert_array_equal(image.read(t=7, y=slice(3, 9), x=-1), decoded(path)[7, 3:9, -1])
        np.testing.assert_array_equal(image.read(t=slice(2, 9, 3)), decoded(path)[2:9:3])


@pytest.mark.parametrize("path", MOVIES)
@settings(max_examples=4, deadline=None)
@given(order=st.lists(st.integers(0, 119), min_size=1, max_size=8))
def test_frames_in_any_order_are_those_of_decoding_in_order(path, order, data):
    whole = decoded(data / path, 120)
    with open_images(ImageRef(str(data / path), path), 2**30) as images:
        image = next(images)
        for number in order:
            t = number % len(whole)
            np.testing.assert_array_equal(image.read(t=t), whole[t])


def test_a_steady_film_states_its_interval(tmp_path, data, first):
    with first(data / "video/bulk-water.mov") as image:
        assert image.time_interval_s == pytest.approx(1001 / 24000)
        assert image.acquired_at.isoformat() == "2012-12-10T05:00:00"
        assert (image.metadata["format"], image.metadata["compression"]) == ("QuickTime", "h264")
    with first(written(tmp_path / "a.mkv", clock=Fraction(1, 30))) as image:  # Matroska counts milliseconds
        assert image.time_interval_s == pytest.approx(1 / 30, rel=0.01)


def test_a_film_of_varying_rate_states_none_and_its_extremes(tmp_path, first):
    with first(written(tmp_path / "a.mp4", ticks=[0, 1, 2, 5, 6, 10], clock=Fraction(1, 10))) as image:
        assert image.time_interval_s is None
        assert image.metadata["frame_rate_mean"] == pytest.approx(5)
        extremes = [image.metadata[f"frame_interval_{which}_s"] for which in ("min", "max")]
        assert extremes == pytest.approx([0.1, 0.4])


def frame_or_reason(image, t):
    try:
        return image.read(t=t)
    except UnreadableError as error:
        return str(error)


@pytest.mark.parametrize("kind", ["avi", "mp4"])
def test_damage_in_the_middle_costs_the_frames_it_reaches(tmp_path, first, kind):
    path = written(tmp_path / f"a.{kind}", group=4)
    whole = decoded(path)
    with av.open(path) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    at, size = packets[4]
    content = bytearray(path.read_bytes())
    content[at + size // 4 : at + size] = np.resize(np.uint8([255, 0, 170]), size - size // 4).tobytes()
    path.write_bytes(content)
    with first(path) as image:
        read = [frame_or_reason(image, t) for t in range(len(whole))]
    said = {t: frame for t, frame in enumerate(read) if isinstance(frame, str)}
    assert 1 <= len(said) <= 6
    assert all(
        text == f"video: frame {t}, or one that it is built on, is damaged" for t, text in said.items()
    )
    assert all((frame == whole[t]).all() for t, frame in enumerate(read) if t not in said)


def test_frames_after_the_damage_are_read_again_in_any_order(data, first):
    with first(data / "bad/truncated/avi_50pct.avi") as image:
        with pytest.raises(UnreadableError, match="frame 5"):
            image.read(t=5)
        np.testing.assert_array_equal(image.read(t=2), decoded(data / "video/clip_mjpeg.avi", 3)[2])


def test_a_frame_above_the_limit_is_refused_before_it_is_decoded(data, first):
    with pytest.raises(TooLargeError, match="one frame"), first(data / "video/clip_h264.mp4", limit=1000):
        pass
    with (
        first(data / "video/clip_h264.mp4", limit=500_000) as image,
        pytest.raises(TooLargeError, match="region"),
    ):
        image.read()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n", "no AVI, MP4, MOV"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "no AVI, MP4, MOV"),
        (b"RIFF\x24\0\0\0AVI LIST" + bytes(40), "avi container|no video"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(9), "the mov container cannot be read"),
    ],
    ids=["playlist", "sound", "empty AVI", "empty MP4"],
)
def test_what_is_no_film_is_refused_and_nothing_else_is_opened(tmp_path, first, content, said):
    (tmp_path / "a.avi").write_bytes(content)
    with pytest.raises(UnreadableError, match=said), first(tmp_path / "a.avi"):
        pass


def test_sound_alone_is_no_film(tmp_path, first):
    with av.open(tmp_path / "a.mp4", "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(UnreadableError, match="holds no video"), first(tmp_path / "a.mp4"):
        pass


def test_ffmpeg_prints_nothing(data, first, capfd):
    for path in ("bad/truncated/avi_50pct.avi", "video/clip_h264.mp4"):
        with first(data / path) as image:
            image.read(t=1)
    assert tuple(capfd.readouterr()) == ("", "")


@pytest.mark.parametrize("kind", CODECS)
@pytest.mark.parametrize("share", [0.4, 0.97])
def test_a_cut_film_is_never_called_whole_where_its_container_tells(tmp_path, first, kind, share):
    path = written(tmp_path / f"a.{kind}", ticks=range(30))
    whole = decoded(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with suppress(UnreadableError), first(path) as image:
        assert image.partial or kind == "mpg"  # a stream for broadcast: it may begin and end anywhere
        np.testing.assert_array_equal(image.read(t=0), whole[0])
