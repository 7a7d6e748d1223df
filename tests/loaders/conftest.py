"""What tests of loaders share: open a file as processing does."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from smalti.core.image import Image, ImageRef
from smalti.loaders.choose import open_images

LIMIT = 500_000_000

Opener = Callable[..., AbstractContextManager[Image]]


@pytest.fixture(scope="session")
def ref_of() -> Callable[[Path], ImageRef]:
    """A reference as a source makes it."""
    return lambda path: ImageRef(uri=str(path), path=path.name)


@pytest.fixture(scope="session")
def first(ref_of) -> Opener:
    """``first(path)``: a context that gives the first image of a file."""

    @contextmanager
    def opened(path: Path, limit: int = LIMIT, name: str | None = None) -> Iterator[Image]:
        with open_images(ref_of(path), limit, name) as images:
            yield next(images)

    return opened


@pytest.fixture(scope="session")
def read_all(ref_of):
    """``read_all(path)``: every image of a file with its pixels."""

    def read(path: Path, limit: int = LIMIT):
        with open_images(ref_of(path), limit) as images:
            return [(image, image.read()) for image in images]

    return read
