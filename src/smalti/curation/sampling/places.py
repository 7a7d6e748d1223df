"""URLs of volumes elsewhere, in the forms that people write, as places to read from.

A place is a key-value store of tensorstore, see https://google.github.io/tensorstore/kvstore/index.html.
Credentials come from the environment and the usual files; those of a URL are used, and neither stored nor
shown.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from smalti.core.errors import UsageError
from smalti.core.remote import is_url, shown

__all__ = ["Format", "Place", "place_of"]

Format = Literal["zarr", "n5", "precomputed"]

_PREFIXES: Mapping[str, Format] = {
    **dict.fromkeys(("zarr", "zarr2", "zarr3"), "zarr"),
    "n5": "n5",
    **dict.fromkeys(("precomputed", "neuroglancer-precomputed", "neuroglancer_precomputed"), "precomputed"),
}
_NAMES: Mapping[str, Format] = {
    **dict.fromkeys(("zarr.json", ".zattrs", ".zgroup", ".zarray", ".zmetadata"), "zarr"),
    "attributes.json": "n5",
    "info": "precomputed",
}
"""Files of metadata, which people copy from the bar of a browser."""

_SCHEMES = ("http", "https", "s3", "gs", "gcs", "file")
_NO_PATH = "%/:=&?~#+!$,;'@()*[]"
"""What may stand in a URL as it is; `%` too, for what is quoted is not quoted again."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder elsewhere, or of this machine.

    Parameters
    ----------
    url
        As it may be shown and stored.
    spec
        The key-value store, without `path`.
    path
        In the store, without a slash at its end.
    """

    url: str
    spec: Mapping[str, Any]
    path: str = ""

    def below(self, path: str) -> "Place":
        """A folder in this one; ``..`` leads to the one above."""
        kept = self.path.split("/") if self.path else []
        names = self.url.rstrip("/").split("/")
        for part in path.split("/"):
            if part == "..":
                kept, names = kept[:-1], names[:-1]
            elif part not in ("", "."):
                kept, names = [*kept, part], [*names, part]
        return Place("/".join(names), self.spec, "/".join(kept))

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.path.rpartition("/")[2]

    @property
    def store(self) -> dict[str, Any]:
        """For tensorstore."""
        return {**self.spec, "path": f"{self.path}/" if self.path else ""}


def place_of(url: str) -> tuple[Place, Format | None]:
    """Where a URL leads, and the format that it names; None where that must be looked up.

    Parameters
    ----------
    url
        ``https://…``, ``s3://…``, ``gs://…``, ``file://…`` or a path; ``n5://``, ``zarr://`` or
        ``precomputed://`` before it, ``|n5:`` and the like behind it, and the name of a file of metadata at
        its end tell the format.

    Raises
    ------
    UsageError
        It is of a kind that is not read, or names no host or bucket.
    """
    rest, _, behind = url.strip().partition("|")
    prefix, marker, inner = rest.partition("://")
    form = None
    if marker and prefix.lower() in _PREFIXES:
        form, rest = _PREFIXES[prefix.lower()], inner
    if behind:
        form = _PREFIXES.get(behind.rstrip(":/").lower())
        if form is None:
            raise UsageError(
                f"{shown(rest)}: |{behind} is no format that is read; give |zarr:, |n5: or |precomputed:"
            )
    rest, form = _without_file(rest, form)
    return _placed(rest), form


def _without_file(url: str, form: Format | None) -> tuple[str, Format | None]:
    """The folder of a file of metadata."""
    before, mark, query = url.partition("?")
    folder, _, name = before.rstrip("/").rpartition("/")
    if name in _NAMES and folder and not Path(before).is_dir():
        return folder + mark + query, form or _NAMES[name]
    return url, form


def _placed(url: str) -> Place:
    if not is_url(url):
        return _local(Path(url).expanduser())
    scheme = url.partition("://")[0].lower()
    if scheme not in _SCHEMES:
        raise UsageError(f"{shown(url)}: {scheme}:// is not read here; known: {', '.join(_SCHEMES)}")
    try:
        parts = urlsplit(url)
    except ValueError:  # whose words quote the host with its password
        raise UsageError(f"{shown(url)} is no URL; write it as {scheme}://HOST/PATH") from None
    if scheme == "file":
        return _local(Path(unquote(parts.path)))
    if not parts.netloc:
        raise UsageError(f"{scheme}:// names no host or bucket; write it as {scheme}://HOST/PATH")
    if scheme in ("http", "https"):
        return _web(url)
    bucket, _, path = url.partition("://")[2].partition("/")
    told = shown(f"{scheme}://{bucket}/{path.strip('/')}").rstrip("/")
    if "@" in bucket:
        raise UsageError(f"{told}: credentials of a bucket are read from the environment, not from its URL")
    if scheme == "s3":
        return Place(told, {"driver": "s3", "bucket": bucket, **_s3()}, path.strip("/"))
    return Place(told, {"driver": "gcs", "bucket": bucket}, path.strip("/"))


def _local(path: Path) -> Place:
    full = path.absolute().as_posix().rstrip("/")
    return Place(full, {"driver": "file"}, full)


def _web(url: str) -> Place:
    """A query goes with every request, as that of a signed folder does."""
    parts = urlsplit(url)
    root = urlunsplit((parts.scheme, parts.netloc, "", parts.query, ""))
    path = re.sub("/+", "/", unquote(parts.path)).strip("/")
    told = shown(urlunsplit((parts.scheme, parts.netloc, quote(path, _NO_PATH), "", "")))
    return Place(told, {"driver": "http", "base_url": root}, path)


def _s3() -> dict[str, Any]:
    """Server, region and credentials, where the environment states them; public buckets need none."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    told: dict[str, Any] = {"aws_credentials": {"type": _credentials()}}
    if endpoint:
        told |= {"endpoint": endpoint.rstrip("/"), "aws_region": region or "us-east-1"}
    return told


def _credentials() -> str:
    """Kind of credentials that are there: asked for by kind, the library does not complain of the others."""
    given = os.environ.get
    if given("AWS_ACCESS_KEY_ID"):
        return "environment"
    home = Path.home() / ".aws"
    secrets = given("AWS_SHARED_CREDENTIALS_FILE", home / "credentials")
    if any(
        Path(path).expanduser().is_file() for path in (secrets, given("AWS_CONFIG_FILE", home / "config"))
    ):
        return "profile"
    others = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    return "default" if any(map(given, others)) else "anonymous"
