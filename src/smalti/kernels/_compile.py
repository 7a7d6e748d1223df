"""The one decorator that knows numba."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys

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
    jitted = numba.njit(nogil=True, fastmath=fast, error_model="numpy")(function)
    jitted._cache = _LightCache(function)
    return cast("F", jitted)


class _LightCache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """What ``cache=True`` gives, without all that numba knows of types and of NumPy.

    To compile takes that, and numba then brings it by itself; to load what was compiled does not. It is 0.2 s
    of CPU of the 0.3 before the first loop runs, half of it SciPy's linear algebra. A kernel that calls a
    function of NumPy which numba has in `numba.np.arraymath` brings all of it nevertheless.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The loop as compiled before for these types; None when it was not."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)
