"""Files elsewhere: which URLs are read, with how much patience, and how they are written down.

Credentials come from where the libraries look for them (environment, ``~/.aws``, ``~/.netrc``). Those that
stand in a URL are used, but neither stored nor shown.
"""

import re
from functools import cache
from logging import CRITICAL, getLogger
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from smalti.core.errors import MissingExtraError, UsageError

__all__ = [
    "BREADTH",
    "PATIENCE",
    "below",
    "contact",
    "filesystem",
    "is_http",
    "is_url",
    "path_in",
    "said",
    "shown",
    "storage_options",
    "unquoted",
    "without_secrets",
]

PATIENCE = 15.0
"""Seconds without a byte after which a server is given up."""
CONNECTING = 5.0
FIRST_ANSWER = 12.0
"""Seconds until a server that is asked for the first time is given up, however often its library tries."""
BREADTH = 16
"""Requests to one server at a time."""

_HTTP = ("http", "https")
_S3 = ("s3", "s3a")
_GOOGLE = ("gs", "gcs")
_OTHERS = ("abfs", "abfss", "az", "ftp", "sftp", "ssh", "smb", "webhdfs")
_READ = (*_HTTP, *_S3, *_GOOGLE, *_OTHERS)

_URL = re.compile(r"[A-Za-z][\w+.-]*://[^\s'\"<>]+")
_SIGNED = re.compile(r"sig|token|secret|credential|password|passwd|expires|policy|auth|key|^s[eprvt]$", re.I)


def is_url(text: str) -> bool:
    """Whether it is a URL, as opposed to a path of this machine."""
    return "://" in text


def is_http(url: str) -> bool:
    """Whether it is of a web server, which has pages where others have listings."""
    return url.partition("://")[0].lower() in _HTTP


def shown(url: str) -> str:
    """A path or URL as it may be shown and stored: without user, password, or the query of a signed URL."""
    if not is_url(url):
        return url
    try:
        parts = urlsplit(url)
        signed = any(_SIGNED.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:  # what is no URL has no host to name
        return url.partition("://")[0] + "://…"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "" if signed else parts.query, ""))


def without_secrets(text: str) -> str:
    """The first 2,000 characters of a message of a library, with every URL in it as `shown`."""
    return _URL.sub(lambda found: shown(found[0]), text[:2000])


def below(url: str, path: str) -> str:
    """The URL of a relative path below a folder's; ``""`` for the folder itself."""
    folder = url.rstrip("/")
    if not path:
        return folder
    return f"{folder}/{quote(path, errors='surrogateescape') if is_http(url) else path}"


def unquoted(url: str) -> str:
    """A URL, or a part of one, as people read it; bytes that are no UTF-8 become lone surrogates."""
    return unquote(url, errors="surrogateescape")


def filesystem(url: str) -> Any:
    """The fsspec filesystem that a URL is on; the same one for the same host.

    Raises
    ------
    UsageError
        It is of a kind that is not read, or chained.
    MissingExtraError
        The library for it is not installed.
    """
    from fsspec import filesystem as made

    scheme = _scheme(url)
    options = storage_options(url)
    if scheme in _GOOGLE and not getLogger("gcsfs").level:  # it writes a traceback for what it also raises
        getLogger("gcsfs").setLevel(CRITICAL)
    try:
        return made(scheme, **options)
    except ImportError as error:
        raise _missing(scheme, error) from error


def storage_options(url: str) -> dict[str, Any]:
    """What to tell fsspec of the host and how patient to be; see `filesystem`."""
    scheme = _scheme(url)
    try:
        if scheme in _HTTP:
            return {"client_kwargs": _http_client()}
        if scheme in _S3:
            return {"anon": _is_anonymous(), "config_kwargs": _s3_config(), "use_listings_cache": False}
    except ImportError as error:
        raise _missing(scheme, error) from error
    if scheme in _GOOGLE:
        return {"timeout": PATIENCE, "requests_timeout": PATIENCE, "use_listings_cache": False}
    from fsspec.core import get_filesystem_class

    try:
        return {**get_filesystem_class(scheme)._get_kwargs_from_urls(url), "use_listings_cache": False}
    except ImportError as error:
        raise _missing(scheme, error) from error


def contact(filesystem: Any, path: str) -> None:
    """Make sure that there is a file or folder of this name.

    Raises
    ------
    Exception
        What the library says: not there, refused, no connection; no answer after `FIRST_ANSWER` seconds.
    """
    if filesystem.async_impl:
        from fsspec.asyn import sync

        sync(filesystem.loop, filesystem._info, path, timeout=FIRST_ANSWER)
    else:
        filesystem.info(path)


def path_in(filesystem: Any, url: str) -> str:
    """What a filesystem calls a URL."""
    return str(filesystem._strip_protocol(url))


def _scheme(url: str) -> str:
    scheme = url.partition("://")[0].lower()
    if "::" in url:
        raise UsageError(f"{shown(url)} is a chain of URLs; give the one where the files are")
    if scheme == "file":
        raise UsageError(f"{url} is a path of this machine; write it without file://")
    if scheme not in _READ:
        raise UsageError(f"{shown(url)}: {scheme}:// is not read; known: {', '.join(_READ)}")
    if not urlsplit(url).netloc:
        raise UsageError(f"{url} names no host or bucket; write it as {scheme}://HOST/PATH")
    return scheme


def _missing(scheme: str, error: ImportError) -> Exception:
    if scheme in (*_HTTP, *_S3, *_GOOGLE):
        library = "aiohttp" if scheme in _HTTP else "s3fs" if scheme in _S3 else "gcsfs"
        return MissingExtraError(library, "cloud")
    return UsageError(f"{scheme}:// needs a library that is not installed: {error}")


def _http_client() -> dict[str, Any]:
    from aiohttp import ClientTimeout

    # identity: the length that is stated is then that of the file. trust_env: proxies, and ~/.netrc.
    waiting = ClientTimeout(total=None, sock_connect=CONNECTING, sock_read=PATIENCE)
    return {"timeout": waiting, "trust_env": True, "headers": {"Accept-Encoding": "identity"}}


def _s3_config() -> dict[str, Any]:
    return {"connect_timeout": CONNECTING, "read_timeout": PATIENCE, "retries": {"max_attempts": 1}}


@cache
def _is_anonymous() -> bool:
    """Whether there are no credentials for S3: public buckets are read without any."""
    import s3fs  # noqa: F401 - the library that the extra is named for; botocore comes with it
    from botocore.exceptions import BotoCoreError
    from botocore.session import get_session

    try:
        return get_session().get_credentials() is None
    except BotoCoreError:  # a profile that is not there, a broken file: the first request says it
        return False


def said(error: BaseException) -> str:
    """What went wrong with a remote file, in words that hold no credentials."""
    status = error.status if hasattr(error, "status") else getattr(error, "code", None)
    names = {kind.__name__ for kind in type(error).__mro__}
    refused = isinstance(error, PermissionError) or str(error).startswith("Forbidden")
    if refused or status in (401, 403):
        return "access is refused (wrong or no credentials, or it is not public)"
    if isinstance(error, FileNotFoundError) or status == 404:
        return "it is not there (404)"
    if "TooManyRedirects" in names:
        return "the server sends from one address to the next without end"
    if isinstance(status, int) and status >= 400:
        return f"the server answers {status} ({getattr(error, 'message', '') or 'no further word'})"
    if isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return "no answer in time"
    if not names.isdisjoint(
        ("ClientConnectorError", "EndpointConnectionError", "ConnectionError", "gaierror")
    ):
        return "no connection: there is no such host, or it refuses"
    if "ClientPayloadError" in names:
        return "the answer breaks off before its end"
    return without_secrets(f"{type(error).__name__}: {' '.join(str(error).split())}")[:300]
