"""The one contract for everything that can be added: a marked function that says what it is and needs.

A plugin is a plain function (or class) with a mark::

    @metric(Column("mean_squared", "Float64", "intensity²", "Mean of the squared pixels."))
    def mean_squared(moments: Moments) -> float:
        return moments.std**2 + moments.mean**2

It is found through the entry-point group ``smalti.plugins``. An entry names a module or a package; every
marked function in it is collected. An entry whose name is a kind in the plural (``metrics``, ``loaders``)
is imported only when that kind is asked for, any other name always.
"""

import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType, ModuleType
from typing import Any, Literal, TypeVar

from smalti.core.axes import STACK_AXES
from smalti.core.columns import Column
from smalti.core.errors import PluginClashError, UnknownNameError

__all__ = [
    "GROUP",
    "IMAGE_NEEDS",
    "KINDS",
    "PLANE_NEEDS",
    "Kind",
    "Plugin",
    "broken",
    "collect",
    "exporter",
    "find",
    "loader",
    "mark",
    "metric",
    "metric_set_version",
    "plugins",
    "step",
    "transform",
    "verb",
]

GROUP = "smalti.plugins"

Kind = Literal["loader", "metric", "check", "view", "step", "exporter", "transform", "verb"]
KINDS: tuple[Kind, ...] = ("loader", "metric", "check", "view", "step", "exporter", "transform", "verb")

PLANE_NEEDS = (
    "plane",
    "moments",
    "histogram",
    "stencil",
    "profiles",
    "cells",
    "colour",
    "thumbnail",
    "spectrum",
    "digest",
)
"""What a metric of planes may ask for by parameter name; see `smalti.kernels.accumulators`."""

IMAGE_NEEDS = ("image", "planes", "shifts", "channels")
"""What a metric of images may ask for.

The `Image`; its planes' metrics as a Polars frame, one row a plane that could be read, ``image_id t c z`` and
the columns of the metrics chosen; and what is kept of small copies of its planes: how far the picture moved
from frame to frame and what each channel shows, see `smalti.processing.glimpses.Glimpses`.
"""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Plugin:
    """A marked function and what its mark says.

    Parameters
    ----------
    kind, name
        Unique together.
    function
        What was marked.
    columns
        Columns it fills; a metric returns one value for one column, else a tuple in this order.
    needs
        Its parameter names.
    version
        Raised when its numbers change; part of what a resumed run compares.
    options
        What only some kinds state: a loader's ``extensions``, ``magic``, ``magic_at``, ``stores`` and
        ``isolated``; an exporter's ``title``, ``options``, ``suffix`` and ``command``; a step's ``title``,
        ``options`` and ``needs_out``.
    """

    kind: Kind
    name: str
    function: Callable[..., Any]
    columns: tuple[Column, ...] = ()
    needs: tuple[str, ...] = ()
    version: int = 1
    options: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def module(self) -> str:
        """The module that defines it."""
        return self.function.__module__

    @property
    def meaning(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


def mark(
    kind: Kind, name: str | None = None, columns: Iterable[Column] = (), version: int = 1, **options: object
) -> Callable[[F], F]:
    """Mark a function as a plugin of `kind`; the name defaults to the function's."""

    def marked(function: F) -> F:
        needs = tuple(inspect.signature(function).parameters)
        plugin = Plugin(
            kind,
            name or function.__name__,
            function,
            tuple(columns),
            needs,
            version,
            MappingProxyType(options),
        )
        function.__smalti__ = plugin  # type: ignore[attr-defined]
        return function

    return marked


def metric(
    *columns: Column, name: str | None = None, version: int = 1, over: str = "", many: bool = False
) -> Callable[[F], F]:
    """Mark a metric: a function of `PLANE_NEEDS` (a plane's) or of `IMAGE_NEEDS` (an image's).

    Parameters
    ----------
    columns
        What it fills.
    name, version
        See `Plugin`; the name defaults to the function's.
    over
        Letters out of ``TCZ`` of the axes that a metric of images looks along. Where an image has length 1
        along one of them, the values are null without a call: a pile of single planes costs nothing.
    many
        Whether a metric of planes takes many of them at once, as `smalti.kernels.accumulators` says, and
        gives an array (N,) a column: of numbers, where NaN and infinity are no value, of booleans, or of
        objects that are texts or None. ``plane`` is then (N, Y, X) or (N, Y, X, S). What it gives for one
        plane must not depend on the others. NumPy warns of nothing meanwhile. For thousands of small
        planes this is many times faster.

    Raises
    ------
    TypeError
        No column declared, a parameter that is no accumulator, needs of planes and images mixed, or axes
        that are none of the stack's or stated for a metric of planes, or a metric of images that takes many
        planes.
    """

    def marked(function: F) -> F:
        needs = set(inspect.signature(function).parameters)
        if not columns:
            raise TypeError(f"metric {function.__name__} declares no column")
        if not (needs <= set(PLANE_NEEDS) or needs <= set(IMAGE_NEEDS)):
            raise TypeError(
                f"metric {function.__name__} asks for {sorted(needs)}; a metric of planes may ask for "
                f"{', '.join(PLANE_NEEDS)}, a metric of images for {', '.join(IMAGE_NEEDS)}"
            )
        if not set(over) <= set(STACK_AXES) or (over and needs <= set(PLANE_NEEDS)):
            raise TypeError(
                f"metric {function.__name__} is stated over {over!r}; a metric of images may look along axes "
                f"out of {STACK_AXES!r}, a metric of planes along none"
            )
        if many and not needs <= set(PLANE_NEEDS):
            raise TypeError(f"metric {function.__name__} is one of images; only one of planes may take many")
        return mark("metric", name, columns, version, over=over, many=many)(function)

    return marked


def loader(
    name: str,
    *,
    extensions: Iterable[str] = (),
    magic: Iterable[bytes] = (),
    magic_at: Iterable[tuple[int, bytes]] = (),
    columns: Iterable[Column] = (),
    stores: bool = False,
    isolated: bool = False,
    version: int = 1,
) -> Callable[[F], F]:
    """Mark a loader: a generator function ``(ref, limit) -> Iterator[Image]``.

    It opens ``ref.uri``, yields one `Image` per series with ``ref`` completed, and closes when exhausted
    or closed; images are read while the generator is suspended. `limit` is the number of bytes one read
    may take: a loader whose library would allocate more on opening raises `TooLargeError` first.

    Parameters
    ----------
    extensions
        Lower case, without the dot: ``("tif", "ome.tif")``.
    magic
        Byte strings a file of this format may begin with.
    magic_at
        Where in the first 512 bytes, and which byte strings, for formats that begin with something else;
        looked at only when no loader knows the beginning.
    columns
        Columns it fills from ``image.metadata``; two loaders may fill one, declared alike.
    stores
        Whether it reads folders (Zarr) rather than files.
    isolated
        Whether its library is known to crash or hang on some files: it then runs in a process of its own,
        whoever reads. The values of ``image.metadata`` should be plain ones, times or arrays.
    """
    return mark(
        "loader",
        name,
        columns,
        version,
        extensions=tuple(extensions),
        magic=tuple(magic),
        magic_at=tuple(magic_at),
        stores=stores,
        isolated=isolated,
    )


def exporter(
    name: str, *, title: str, options: type, suffix: str = "", command: str = "", version: int = 1
) -> Callable[[F], F]:
    """Mark an exporter: a function ``(images, out, options, progress) -> Report``.

    `images` are `smalti.export.images.Chosen`, `out` is where to write, `options` a record as
    `smalti.core.options` describes it, `progress` is told how far it is. The app makes its form of `options`,
    and its sentence is the first line of the docstring.

    Parameters
    ----------
    name
        What the command line and Python call it.
    title
        What a person would call what it makes: ``"Zarr collection"``.
    options
        The record of its options.
    suffix
        What names of its results end in: ``".zarr"``; empty for a folder.
    command
        How the command line begins, where that is not its name: ``"list --as csv"``.
    version
        See `Plugin`.
    """
    command = command or name
    return mark("exporter", name, (), version, title=title, options=options, suffix=suffix, command=command)


def step(
    name: str,
    *,
    title: str,
    options: type,
    needs_out: bool = True,
    takes: Literal["images", "patches", "urls"] = "images",
    version: int = 1,
) -> Callable[[F], F]:
    """Mark a step of curation: a function ``(sources, out, options, progress) -> Outcome``.

    `sources` are paths, patterns or URLs as they were given, `out` is where to write, `options` a record as
    `smalti.core.options` describes it, `progress` is told how far it is. ``smalti curate NAME`` is made of
    it, its help of the docstring.

    Parameters
    ----------
    name
        What the command line and Python call it.
    title
        What a person would call what it does: ``"Patches of volumes"``.
    options
        The record of its options.
    needs_out
        Whether there must be a place to write to; `out` is ``""`` without one.
    takes
        What it works on: images, which a project may choose, patches, or URLs, which no visitor of a served
        page may give.
    version
        See `Plugin`; raised when it makes something else of the same input.
    """
    facts = {"title": title, "options": options, "needs_out": needs_out, "takes": takes}
    return mark("step", name, (), version, **facts)


def transform(name: str) -> Callable[[F], F]:
    """Mark a transform: it makes a value of a text that a template found in a name, or None."""
    return mark("transform", name)


def verb(name: str) -> Callable[[F], F]:
    """Mark a verb: a function of a higher floor that a lower object offers as a one-line method."""
    return mark("verb", name)


def collect(module: ModuleType) -> list[Plugin]:
    """Every marked function defined in a module, or in any module of a package; private modules left out."""
    found = [value.__smalti__ for value in vars(module).values() if _is_marked_in(value, module)]
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if not info.name.startswith("_"):
            found += collect(import_module(f"{module.__name__}.{info.name}"))
    return found


def _is_marked_in(value: object, module: ModuleType) -> bool:
    return isinstance(getattr(value, "__smalti__", None), Plugin) and value.__module__ == module.__name__


def plugins(kind: Kind) -> dict[str, Plugin]:
    """All plugins of a kind by name.

    Raises
    ------
    PluginClashError
        Two of them have one name.
    """
    found: dict[str, Plugin] = {}
    for plugin in _entries(kind):
        known = found.setdefault(plugin.name, plugin)
        if known.function is not plugin.function:
            raise PluginClashError(kind, plugin.name, known.module, plugin.module)
    return found


def find(kind: Kind, name: str) -> Plugin:
    """One plugin, or UnknownNameError with the nearest name."""
    known = plugins(kind)
    if name not in known:
        raise UnknownNameError(kind, name, known)
    return known[name]


def broken() -> dict[str, str]:
    """Entries that could not be loaded so far, with the reason; they are skipped."""
    return dict(_broken)


def metric_set_version(metrics: Iterable[Plugin]) -> str:
    """Eight hex digits that change when a metric is added, removed or numbered anew."""
    text = "\n".join(sorted(f"{m.name} {m.version}" for m in metrics))
    return blake2b(text.encode(), digest_size=4).hexdigest()


_broken: dict[str, str] = {}


def _entries(kind: Kind) -> Iterator[Plugin]:
    others = {f"{k}s" for k in KINDS if k != kind}
    for entry in _installed():
        if entry.name not in others:
            yield from (plugin for plugin in _load(entry) if plugin.kind == kind)


@cache
def _installed() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))  # 15 ms a look: the metadata of every installed package is read


@cache
def _load(entry: EntryPoint) -> tuple[Plugin, ...]:
    try:
        target = entry.load()
        return tuple(collect(target)) if isinstance(target, ModuleType) else (target.__smalti__,)
    except Exception as error:  # a plugin may raise anything; it must not stop the others
        _broken[f"{entry.name} ({entry.value})"] = f"{type(error).__name__}: {error}"
        return ()
