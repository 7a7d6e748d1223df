"""Folders of small real images, and plugins that misbehave."""

import os
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
import tifffile
from polars.testing import assert_frame_equal

from smalti.core.progress import Silent, State


class Told(Silent):
    """Keeps what a run says of itself."""

    def __init__(self):
        self.states: list[State] = []

    def update(self, state):
        self.states.append(state)

    @property
    def total(self):
        return self.states[0].total


@pytest.fixture
def told():
    return Told()


@pytest.fixture(scope="session")
def write_tiffs():
    """Writes a folder of small TIFFs."""
    return _write_tiffs


def _write_tiffs(folder: Path, n: int, shape=(32, 48), seed=0):
    """`n` different small TIFFs; every fifth is a z-stack of three planes."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for number in range(n):
        full = (3, *shape) if number % 5 == 4 else shape
        image = rng.integers(0, 4096, full, np.uint16)
        axes = "ZYX" if image.ndim == 3 else "YX"
        tifffile.imwrite(folder / f"{number:04}.ome.tif", image, metadata={"axes": axes})
    return folder


@pytest.fixture
def tiffs(tmp_path):
    """Ten small TIFFs."""
    return _write_tiffs(tmp_path / "images", 10)


@pytest.fixture
def bad_source():
    """The source code of `bad_loaders`."""
    return BAD_LOADERS


@pytest.fixture
def bad_loaders(install):
    """Installed loaders that hang, hang with the interpreter in their grip, abort, and exit."""
    install(BAD_LOADERS)


BAD_LOADERS = '''
import os, re, sys, time
from smalti.core.plugin import loader

@loader("hanger", extensions=["hang"])
def hanger(ref, limit):
    """Never comes back."""
    time.sleep(3600)
    yield

@loader("gripper", extensions=["grip"])
def gripper(ref, limit):
    """Never comes back and never lets go of the interpreter."""
    re.match(r"(a+)+$", "a" * 60 + "b")
    yield

@loader("leaver", extensions=["leave"])
def leaver(ref, limit):
    """Thinks it may end the program."""
    sys.exit("enough")
    yield

@loader("killer", extensions=["kill"])
def killer(ref, limit):
    """Takes its process down."""
    os.abort()
    yield
'''


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs source code as a plugin package, for the processes that the test starts."""

    def install(source: str, kind: str = "loaders", name: str = "smalti_test_plugin"):
        site = tmp_path / "site"
        facts = site / f"{name}-1.0.dist-info"
        facts.mkdir(parents=True)
        (site / f"{name}.py").write_text(source, encoding="utf-8")
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (facts / "entry_points.txt").write_text(f"[smalti.plugins]\n{kind} = {name}\n")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))

    return install


@pytest.fixture(scope="session")
def dask_cluster():
    """Starts a scheduler on this machine with two workers, which dask starts anew when they die."""

    @contextmanager
    def start(**config):
        from dask import config as settings
        from distributed import LocalCluster

        wanted = {f"distributed.{name.replace('__', '.').replace('_', '-')}": v for name, v in config.items()}
        with (
            settings.set(wanted),
            LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                memory_limit="4GB",
                silence_logs=50,
            ) as cluster,
        ):
            yield cluster

    return start


@pytest.fixture
def client_to():
    """Connects to a cluster, and lets go of it after the test."""
    from distributed import Client

    with ExitStack() as stack:
        yield lambda cluster: stack.enter_context(Client(cluster, set_as_default=False))


@pytest.fixture(scope="session")
def assert_same_tables():
    """Compares all four tables of two projects, to the last bit."""

    def compare(project, other):
        for name in ("images", "planes", "histograms", "thumbnails"):
            assert_frame_equal(
                getattr(project, name).collect(), getattr(other, name).collect(), check_exact=True
            )

    return compare
