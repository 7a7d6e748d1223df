"""Processes that do what may fail: how they are started, and what they said at their end."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

__all__ = ["end_group", "exit_words", "own_group", "search_path", "start"]


def start(
    module: str, env: Mapping[str, str], log: IO[bytes], arguments: Sequence[str] = (), **options: Any
) -> subprocess.Popen[bytes]:
    """Run ``python -m module arguments`` with pipes for its stdin and stdout.

    Parameters
    ----------
    module
        Importable by name.
    env
        The whole environment; the search path of imports is added to it.
    log
        Takes what it writes to stderr.
    arguments
        Found in its ``sys.argv``.
    options
        More for `subprocess.Popen`.
    """
    path = os.pathsep.join(path for path in search_path() if os.pathsep not in path)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],  # -P: nothing is imported from the cwd
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env={**env, "PYTHONPATH": path},
        **options,
    )


def search_path() -> list[str]:
    """So that the child imports what this process imports, scripts' folders included."""
    relative = not all(map(os.path.isabs, sys.path))
    return [*_absolute(tuple(sys.path), str(Path.cwd()) if relative else "")]


@cache
def _absolute(paths: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """Paths without links, which cost 15 µs each to find; a file that is read apart asks for all of them."""
    return tuple(str(Path(folder, path).resolve()) for path in paths)


def own_group() -> dict[str, Any]:
    """Options for `start`: Ctrl-C reaches this process only, which then ends the child in good order."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that was started with `own_group`, and where the system has groups all it started."""
    if process.poll() is None:  # else its number may be another's by now
        if sys.platform == "win32":
            process.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def exit_words(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    """How a process ended, and the last line of its log; kills it if it has not ended within a second."""
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - 4000))
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    said = f": {lines[-1].strip()}" if lines else ""
    return f"the process ended with {_exit_name(code)}{said}"


def _exit_name(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
