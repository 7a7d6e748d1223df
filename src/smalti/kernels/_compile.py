"""The one decorator that knows numba."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled", "compiled_in_order"]

F = TypeVar("F", bound=Callable[..., Any])

# Sums may be reordered, which lets the loops use vector registers. `nnan` and `ninf` are left out: the
# loops test for NaN and Inf and those tests must stay.
_FAST = {"reassoc", "contract", "arcp", "nsz"}


def compiled(function: F) -> F:
    """Compile a loop at its first call, without the GIL, and keep the result in numba's cache folder."""
    return _jitted(function, _FAST)


def compiled_in_order(function: F) -> F:
    """As `compiled`, for sums of floats that must not depend on how they are cut: nothing is reordered."""
    return _jitted(function, False)


def _jitted(function: F, fast: set[str] | bool) -> F:
    jitted = numba.njit(nogil=True, cache=True, fastmath=fast, error_model="numpy")(function)
    return cast("F", jitted)
