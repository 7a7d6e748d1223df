"""Weights by the name that a user gives: a path, a URL, or ``cem``; always the same content for one name."""

import os
import re
from pathlib import Path

import filelock

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress
from smalti.core.remote import is_url, shown
from smalti.curation.hashed import read_hash, sha256_of
from smalti.curation.network.downloads import download
from smalti.curation.network.trusted import first_hash, trust
from smalti.processing.paths import full_path
from smalti.table.parquet import commit

__all__ = ["CEM", "fetched"]

CEM = "https://zenodo.org/records/6458015/files/patch_quality_classifier_nn.pth"
"""The ResNet34 that CEM500K's patches were filtered with, as its authors published it."""

MOST_BYTES = 1 << 30
"""The file of a ResNet34 has 85 MB; three times that with the state of its training."""


def fetched(weights: str, sha256: str = "", *, progress: Progress) -> Path:
    """The file of weights, fetched where it is elsewhere, and sure to be the one that is meant.

    A file that is fetched stays in the user's cache. With `sha256` it must have that hash. Without, its hash
    is recorded at first use of the path or URL, and another is refused from then on.

    Parameters
    ----------
    weights
        A path, a URL (http, https, s3, gs), or ``cem`` for the published weights of CEM500K.
    sha256
        64 hex digits, or ``""``.
    progress
        Told how many MB have arrived.

    Raises
    ------
    UsageError
        There is no such file, it is too large, or its content is another than is meant.
    SmaltiError
        It could not be fetched.
    """
    wanted = read_hash(sha256)
    url = CEM if weights == "cem" else weights
    if is_url(url):
        return _from_elsewhere(url, wanted, progress)
    path = full_path(weights)
    if not path.is_file():
        raise UsageError(
            f"there is no file {path}; give the PATH or URL of ResNet34 weights, or cem for those of CEM500K"
        )
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(f"{path} has {path.stat().st_size:,} bytes; weights of a ResNet34 have 85,000,000")
    _settle(str(path), sha256_of(path), wanted)
    return path


def _from_elsewhere(url: str, wanted: str, progress: Progress) -> Path:
    name = shown(url)
    path = _folder() / _file_name(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_name(f".{path.name}.lock")):  # another process may be fetching it
            if path.exists() and sha256_of(path) == (wanted or first_hash(_folder(), name)):
                _settle(name, sha256_of(path), wanted)
            else:
                _fetch(url, path, wanted, progress)
    except OSError as error:
        raise UsageError(
            f"{path.parent} cannot be written ({error.strerror}); fetch {name} elsewhere and give its PATH, "
            "or set XDG_CACHE_HOME to a folder that can be written"
        ) from error
    return path


def _fetch(url: str, path: Path, wanted: str, progress: Progress) -> None:
    arrived = path.with_name(f".{path.name}.new")
    try:
        download(url, arrived, MOST_BYTES, progress)
    except UsageError:
        raise
    except SmaltiError as error:
        raise SmaltiError(
            f"{error}. Three ways: give the same command again when the network is there; fetch "
            f"{shown(url)} elsewhere and give its PATH as --weights; or train weights of your own with "
            "smalti curate train-filter"
        ) from error
    try:
        _settle(shown(url), sha256_of(arrived), wanted)
        commit(arrived, path)
    finally:
        arrived.unlink(missing_ok=True)


def _settle(name: str, found: str, wanted: str) -> None:
    """Refuse another content than is meant, and record what it is."""
    known = wanted or first_hash(_folder(), name)
    if known and found != known:
        meant = "--sha256 asks for" if wanted else "was recorded when it was used first"
        raise UsageError(
            f"{name} has the SHA-256 {found}, {known} {meant}: it is damaged or another file; give the right "
            f"one, or --sha256 {found} if this is meant"
        )
    try:
        trust(_folder(), name, found)
    except UsageError:
        if not wanted:  # else nothing needs to be remembered
            raise


def _folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("smalti") / "weights"


def _file_name(url: str) -> str:
    """A name that any disk takes, other for each URL."""
    import xxhash

    plain = re.sub(r"[^\w.-]+", "-", url.partition("?")[0].rpartition("/")[2]).strip(".-")[-80:]
    return f"{xxhash.xxh3_64_hexdigest(os.fsencode(url))[:8]}-{plain or 'weights'}"
