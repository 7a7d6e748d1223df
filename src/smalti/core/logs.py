"""What smalti says while it works, for who wants to see it; nobody's logging is touched unasked."""

import logging
import sys

from smalti.core.errors import UnknownNameError

__all__ = ["configure_logging"]

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_handler: logging.Handler | None = None
_before = logging.NOTSET


def configure_logging(enable: bool = True, level: str | int = "INFO") -> None:
    """Show what is logged below ``smalti`` on stderr, or show it no more.

    Parameters
    ----------
    enable
        Whether to show it.
    level
        The least grave that is shown: ``"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"``.

    Examples
    --------
    >>> configure_logging(level="WARNING")
    >>> configure_logging(enable=False)
    """
    global _handler, _before  # noqa: PLW0603 - the one handler that is ours
    name = logging.getLevelName(level) if isinstance(level, int) else level.upper()
    if name not in _LEVELS:
        raise UnknownNameError("level", str(level), _LEVELS)
    log = logging.getLogger("smalti")
    if _handler is not None:
        log.removeHandler(_handler)
        log.setLevel(_before)
        _handler = None
    if enable:
        _before = log.level
        log.setLevel(name)
        _handler = logging.StreamHandler(sys.stderr)
        _handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        )
        log.addHandler(_handler)
