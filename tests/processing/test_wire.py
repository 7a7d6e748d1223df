import io

import polars as pl
import pytest

from smalti.processing.wire import receive, send


def test_a_message_arrives_with_its_frames():
    stream = io.BytesIO()
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "µ"], "c": [b"\0", b""]})
    send(stream, {"done": 7}, {"images": frame, "planes": frame.clear()})
    stream.seek(0)
    header, frames = receive(stream)
    assert header == {"done": 7}
    assert frames["images"].equals(frame)
    assert frames["planes"].schema == frame.schema
    assert receive(stream) is None


@pytest.mark.parametrize("cut", [1, 5, 40, -1])
def test_a_message_cut_anywhere_is_the_end_of_the_stream(cut):
    stream = io.BytesIO()
    send(stream, {"done": 1}, {"images": pl.DataFrame({"a": [1, 2, 3]})})
    assert receive(io.BytesIO(stream.getvalue()[:cut])) is None


def test_a_large_frame_arrives_whole_and_travels_small():
    counts = pl.Series("counts", [[n % 7] * 256 for n in range(5000)], pl.List(pl.Int64))
    table = pl.DataFrame([pl.Series("t", range(5000), pl.Int32), counts])
    stream = io.BytesIO()
    send(stream, {}, {"histograms": table})
    assert stream.tell() < table.estimated_size() / 4
    stream.seek(0)
    assert receive(stream)[1]["histograms"].equals(table)
