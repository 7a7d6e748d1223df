"""Speed tables as Markdown: printed while they grow, and put between the two marks of a file."""

import os
import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

__all__ = ["head", "machine", "printed", "put_between", "row"]

BEGIN, END = "<!-- measured -->", "<!-- end -->"


def row(cells: Iterable[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def head(names: Iterable[str]) -> Iterator[str]:
    """Names of the columns, and the line below them."""
    cells = [*names]
    yield row(cells)
    yield row("---" for _ in cells)


def machine(peer: str) -> str:
    """What was measured on which machine, as the line above a table."""
    versions = f"smalti {version('smalti')}, {peer}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {_processor()}; {versions}.\n"


def printed(lines: Iterable[str]) -> list[str]:
    """Lines, each printed as soon as it is there."""
    kept = []
    for line in lines:
        print(line, flush=True)
        kept.append(line)
    return kept


def put_between(path: Path, lines: Iterable[str]) -> None:
    """Write lines between the marks of a file; what stands around them is kept."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text("\n".join([f"{before}{BEGIN}", *lines, f"{END}{after}"]), encoding="utf-8")


def _processor() -> str:
    """The processor's name, where Linux tells it."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
