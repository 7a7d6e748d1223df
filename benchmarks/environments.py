"""Environments of their own for those that smalti is measured against."""

import os
import shutil
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

__all__ = ["installed", "variables"]


def installed(folder: Path, packages: Sequence[str]) -> Path:
    """The folder of an environment's programs, made once, with some packages in it."""
    programs, note = folder / "bin", folder / "installed.txt"
    wanted = "\n".join(packages)
    if not note.exists() or note.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", *packages], check=True)
        note.write_text(wanted)
    return programs


def variables() -> dict[str, str]:
    """The environment's variables without our own search path, so that others use their own libraries."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
