"""Files opened in a process of their own: the same images, and one error where that process ends or hangs."""

import os
import subprocess
import sys
import time
from datetime import UTC
from importlib import import_module
from threading import Thread

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import (
    CrashedError,
    MissingExtraError,
    SmaltiError,
    TimedOutError,
    TooLargeError,
    UnreadableError,
)
from smalti.core.plugin import collect
from smalti.loaders import _child
from smalti.loaders._apart import read_apart
from smalti.loaders._plain import from_plain, to_plain
from smalti.loaders.choose import open_images, read_later
from smalti.loaders.isolation import Isolation

LIMIT = 2**28
APART = Isolation(everything=True)
GOOD = ["odd_valid/*.*", "ometiff/*.tif*", "omezarr/*.zarr", "format_zoo/*.[gjpw]*"]

LOADERS = '''
import ctypes, os, re, signal, sys, time
from pathlib import Path
import numpy as np
from smalti.core.errors import MissingExtraError
from smalti.core.image import Image
from smalti.core.plugin import loader

def image(ref, pixels=lambda index, level: np.zeros((2, 2), "u1")[index]):
    return Image(ref, "YX", (2, 2), np.dtype("u1"), pixels)

@loader("steady", isolated=True)
def steady(ref, limit):
    """Says which process it is in, on stdout too."""
    print("on stdout", flush=True)
    yield Image(ref, "", (), None, metadata={"pid": os.getpid()})

@loader("segfault", isolated=True)
def segfault(ref, limit):
    ctypes.string_at(0)
    yield

@loader("late", isolated=True)
def late(ref, limit):
    """Ends its process when pixels are asked for."""
    yield image(ref, lambda index, level: os._exit(3))

@loader("leaver", isolated=True)
def leaver(ref, limit):
    sys.exit("enough")
    yield

@loader("sleeper", isolated=True)
def sleeper(ref, limit):
    time.sleep(3600)
    yield

@loader("gripper", isolated=True)
def gripper(ref, limit):
    """Never lets go of the interpreter."""
    re.match(r"(a+)+$", "a" * 60 + "b")
    yield

@loader("glutton", isolated=True)
def glutton(ref, limit):
    """Takes 16 GiB, which need not be touched to count."""
    held = [np.empty(2**30, "u1") for _ in range(16)]
    yield image(ref)

@loader("poor", isolated=True)
def poor(ref, limit):
    raise MissingExtraError("library", "volumes")
    yield
'''


@pytest.fixture(scope="session")
def plugins(tmp_path_factory):
    """Loaders by name that misbehave, importable here and in processes started from here."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "smalti_bad_readers.py").write_text(LOADERS, encoding="utf-8")
    sys.path.append(str(folder))
    yield {plugin.name: plugin for plugin in collect(import_module("smalti_bad_readers"))}
    sys.path.remove(str(folder))


@pytest.fixture
def opened(plugins, ref_of, tmp_path):
    """Open a file with one of the loaders above."""
    (tmp_path / "a.any").write_bytes(b"anything")

    def opened(name, seconds=60.0, waiting=lambda: None, limit=LIMIT, left_open=None):
        isolation = Isolation(seconds=seconds, waiting=waiting)
        left = at_the_end if left_open is None else left_open
        return read_apart(plugins[name], ref_of(tmp_path / "a.any"), limit, b"", isolation, left)

    at_the_end = []
    yield opened
    for close in at_the_end:
        close()


def everything_of(ref, isolation):
    """All fields and pixels of all images, or what was said instead."""
    try:
        with open_images(ref, LIMIT, None, isolation) as images:
            return [(facts_of(image), image.read() if image.n_planes else None) for image in images]
    except SmaltiError as error:
        return [(f"{type(error).__name__}: {error}", None)]


def facts_of(image):
    asked = {"pixels": None, "details": image.details and image.details()}
    return {name: repr(asked.get(name, getattr(image, name))) for name in image.__dataclass_fields__}


@pytest.mark.parametrize("pattern", GOOD)
def test_an_image_read_apart_is_the_image_read_here(pattern, data, ref_of):
    paths = sorted(data.glob(pattern))
    assert paths
    for path in paths:
        here, apart = (everything_of(ref_of(path), isolation) for isolation in (Isolation(), APART))
        assert [facts for facts, _ in here] == [facts for facts, _ in apart], path.name
        for (_, wanted), (_, found) in zip(here, apart, strict=True):
            np.testing.assert_array_equal(found, wanted)
            assert wanted is None or (found.dtype, found.flags.writeable) == (wanted.dtype, True)


picks = st.one_of(st.none(), st.just(0), st.builds(slice, *[st.none() | st.integers(-9, 9)] * 2))


@settings(max_examples=25, deadline=None)
@given(t=picks, z=picks, y=picks, step=st.integers(-3, 3).filter(bool))
def test_a_region_read_apart_is_the_region_read_here(t, z, y, step, data, ref_of):
    ref = ref_of(data / "ometiff/tzcyx_5d.ome.tif")
    with open_images(ref, LIMIT) as here, open_images(ref, LIMIT, None, APART) as apart:
        wanted, found = (
            next(images).read(t=t, z=z, y=y, x=slice(None, None, step)) for images in (here, apart)
        )
    np.testing.assert_array_equal(found, wanted)


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
times = st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.dates()
leaves = plain | times | st.binary()
values = st.recursive(
    leaves,
    lambda part: st.lists(part) | st.tuples(part, part) | st.dictionaries(st.text(), part),
    max_leaves=8,
)


@settings(max_examples=30, deadline=None)
@given(value=values)
def test_metadata_come_back_as_they_were(value):
    assert from_plain(to_plain(value)) == value


@pytest.mark.parametrize(
    "value", [np.float32(1.5), np.arange(6.0).reshape(2, 3), np.True_, np.datetime64("2020")]
)
def test_numbers_of_numpy_come_back_as_they_were(value):
    back = from_plain(to_plain(value))
    assert type(back) is type(value)
    np.testing.assert_array_equal(back, value)


@pytest.mark.parametrize(
    ("name", "said"),
    [("segfault", "SIGSEGV"), ("leaver", "exit code 70: SystemExit: enough")],
)
def test_a_reader_that_ends_its_process_costs_its_file_only(name, said, opened):
    with pytest.raises(CrashedError, match=said) as raised:
        next(opened(name))
    assert (raised.value.path, raised.value.reader, raised.value.status) == ("a.any", name, "crashed")
    assert next(opened("steady")).metadata["pid"] != os.getpid()


@pytest.mark.parametrize("name", ["sleeper", "gripper"])
def test_a_reader_that_hangs_is_ended_in_time_and_says_meanwhile_that_it_waits(name, opened):
    waited, started = [], time.monotonic()
    with pytest.raises(TimedOutError, match=r"no answer within 1\.2 s"):
        next(opened(name, 1.2, lambda: waited.append(1)))
    assert 1.2 <= time.monotonic() - started < 10
    assert waited


def test_pixels_of_a_process_that_ended_are_asked_for_once(opened):
    images = opened("late")
    image = next(images)
    for _ in range(2):
        with pytest.raises(CrashedError, match="exit code 3"):
            image.read()
    with pytest.raises(CrashedError):
        next(images)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is capped on Linux only")
def test_a_reader_that_takes_too_much_memory_is_refused_it(opened):
    with pytest.raises(MemoryError):
        next(opened("glutton", limit=2**20))


def test_errors_keep_their_facts_on_the_way(opened, data, ref_of):
    with pytest.raises(MissingExtraError) as raised:
        next(opened("poor"))
    assert (raised.value.library, raised.value.extra) == ("library", "volumes")
    with (
        pytest.raises(TooLargeError, match="one plane needs") as raised,
        open_images(ref_of(data / "odd_valid/png_16bit.png"), 1000, None, APART) as images,
    ):
        next(images)
    assert raised.value.allowed == 1000


def test_one_process_serves_file_after_file_and_is_replaced_when_it_died(opened):
    def process():
        left_open = []
        image = next(opened("steady", left_open=left_open))
        left_open[0]()
        return psutil.Process(image.metadata["pid"])

    first = process()
    assert process() == first
    first.kill()
    first.wait()
    assert process() != first


def test_files_open_at_once_have_a_process_each(opened):
    one, other = opened("steady"), opened("steady")
    assert next(one).metadata != next(other).metadata


def test_a_process_that_does_not_start_is_said(opened, monkeypatch, tmp_path):
    (tmp_path / "smalti.py").write_text("raise RuntimeError('no such luck')")
    monkeypatch.setattr(_child, "_idle", [])
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(UnreadableError, match=r"does not start: the process ended with exit code 1: .*luck"):
        next(opened("steady"))


def test_threads_read_side_by_side(data, ref_of):
    path, found = data / "odd_valid/uint8_zlib.tif", []
    wanted = read_later(ref_of(path), LIMIT).read()

    def read():
        image = read_later(ref_of(path), LIMIT, APART)
        found.extend(np.array_equal(image.read(), wanted) for _ in range(3))

    threads = [Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 9


def test_a_reading_that_is_broken_off_leaves_no_answer_to_the_next(opened):
    def enough():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(opened("sleeper", 60, enough))
    assert "pid" in next(opened("steady")).metadata


def test_a_process_ends_with_the_one_that_started_it(data):
    script = (
        "import sys, time; from smalti.core.image import ImageRef\n"
        "from smalti.loaders.choose import open_images; from smalti.loaders.isolation import Isolation\n"
        "with open_images(ImageRef(sys.argv[1], 'a'), 2**28, None, Isolation(True)) as images:\n"
        "    next(images); print('open', flush=True); time.sleep(60)"
    )
    path = data / "odd_valid/png_16bit.png"
    parent = subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE)
    assert parent.stdout.readline() == b"open\n"
    (child,) = psutil.Process(parent.pid).children()
    parent.kill()
    parent.communicate()
    child.wait(timeout=10)
