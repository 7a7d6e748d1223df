import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from smalti.core.errors import UsageError
from smalti.curation.names import parse
from smalti.curation.pickles import read_pickle


@pytest.fixture
def pickled(tmp_path):
    """Writes bytes, or a pickle of something else, to a file."""

    def write(what, protocol=4):
        path = tmp_path / "old.pkl"
        path.write_bytes(what if isinstance(what, bytes) else pickle.dumps(what, protocol))
        return path

    return write


class Runs:
    """Runs a command when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def test_the_patches_of_the_published_script_are_read(data):
    found = read_pickle(data / "interop" / "cem_patchify3d_em_volume.pkl")
    assert len(found["names"]) == len(found["patches"]) == 171
    assert {patch.dtype for patch in found["patches"]} == {np.dtype("uint8")}
    for name, patch in zip(found["names"], found["patches"], strict=True):
        place = parse(name)
        assert patch.shape == (place.rows[1] - place.rows[0], place.columns[1] - place.columns[0])


DTYPES = st.sampled_from(["u1", "<u2", ">u2", "i4", "f4", ">f8", "?", "<U3"])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))


@settings(max_examples=60)
@given(array=ARRAYS, protocol=st.integers(0, 5), fortran=st.booleans())
def test_arrays_come_back_as_they_were(array, protocol, fortran, tmp_path_factory):
    path = tmp_path_factory.mktemp("pickles") / "a.pkl"
    kept = np.asarray(array, order="F" if fortran else "C")
    path.write_bytes(pickle.dumps({"a": [kept, kept], "b": (1, -2.5, None, True, "ä", 2**70)}, protocol))
    found = read_pickle(path)
    assert found["b"] == (1, -2.5, None, True, "ä", 2**70)
    assert found["a"][0] is found["a"][1]
    assert (found["a"][0].dtype, found["a"][0].shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found["a"][0], array)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_runs_a_command_is_refused_and_runs_nothing(pickled, tmp_path, protocol):
    mark = tmp_path / "was_run"
    path = pickled({"names": [Runs(mark)], "patches": []}, protocol)
    with pytest.raises(UsageError, match=r"posix\.system.*nothing of it was run"):
        read_pickle(path)
    assert not mark.exists()


def calls(module, name, *arguments, protocol=2):
    """A pickle that calls something."""
    body = b"c" + f"{module}\n{name}\n".encode() + b"("
    body += b"".join(pickle.dumps(argument, protocol)[2:-1] for argument in arguments)
    return b"\x80\x02" + body + b"tR."


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("numpy", "fromfile"),
        ("numpy", "load"),
        ("numpy", "ndarray.tofile"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy._core.multiarray", "_reconstruct.__globals__"),
        ("numpy.testing._private.utils", "runstring"),
        ("_codecs", "decode"),
        ("pickle", "loads"),
    ],
)
def test_every_name_but_those_of_arrays_is_refused_by_name(pickled, module, name):
    with pytest.raises(UsageError, match=f"holds {module}.{name}"):
        read_pickle(pickled(calls(module, name, "x")))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (np.array([1, "a"], object), "type 'O8'"),
        (np.zeros(2, [("a", "u1"), ("b", "u2")]), "type 'V3'"),
        (np.array(["2020-01-01"], "M8[s]"), "type 'M8'"),
        ({1, 2}, "the step EMPTY_SET"),
        (np.uint8(3), "scalar"),
        (np.ndarray, "a ndarray alone"),
        ({(1, 2): 3}, "keys that are no texts"),
        (range(3), "builtins.range"),
    ],
)
def test_what_is_no_array_text_or_number_is_refused(pickled, what, said):
    with pytest.raises(UsageError, match=said):
        read_pickle(pickled(what))


BOMBS = {
    "bytes that are not there": b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"x.",
    "a buffer that is not there": b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"x.",
    "a memo without end": b"\x80\x04Nr\xff\xff\xff\x7f.",
    "a frame without end": b"\x80\x04\x95" + struct.pack("<Q", 2**50) + b"N.",
    "lists in lists in lists": b"\x80\x04" + b"]" * 5000 + b"a" * 4999 + b".",
    "a key of tuples in tuples": b"\x80\x04})" + b"\x85" * 200_000 + b"Ns.",
    "a stack that is empty": b"\x80\x04\x85.",
    "half a pickle": pickle.dumps(["a"] * 100, 4)[:-9],
    "no pickle": b"\x89PNG\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_file_that_would_fill_the_memory_or_is_damaged_is_refused(pickled, bomb):
    with pytest.raises(UsageError, match=r"holds|whole pickle"):
        read_pickle(pickled(BOMBS[bomb]))


def test_lists_that_hold_one_another_many_times_are_made_once(pickled):
    nested = ["a"]
    for _ in range(30):
        nested = [nested] * 10
    assert len(read_pickle(pickled(nested))) == 10


def test_an_array_of_more_pixels_than_the_file_has_is_refused(pickled):
    honest = pickle.dumps(np.zeros(100, np.uint8), 4)
    assert honest.count(b"Kd") == 1
    with pytest.raises(UsageError, match="in 100 bytes"):
        read_pickle(pickled(honest.replace(b"Kd", b"Ke")))
