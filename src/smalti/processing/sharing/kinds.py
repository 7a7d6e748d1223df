"""Whether something is a project; asked before any image is opened, so nothing heavy is imported here."""

from pathlib import Path

from smalti.processing.folder import has_record
from smalti.processing.paths import full_path

__all__ = ["is_project", "kind_of"]

_MAGIC = {b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"PAR1": "parquet"}


def is_project(source: str) -> bool:
    """Whether something is a project, of whatever form, rather than images to be measured.

    A Parquet file that is no QC table may be a list of images.
    """
    if "://" in source:
        return False
    path = full_path(source)
    if path.is_dir():
        return has_record(path)
    kind = kind_of(path)
    if kind != "parquet":
        return kind == "zip"
    from smalti.processing.sharing.bare import is_table

    return is_table(path)


def kind_of(source: Path) -> str:
    """``"zip"`` or ``"parquet"``, by the first bytes of a file; else ``""``."""
    if not source.is_file():
        return ""
    with source.open("rb") as file:
        return _MAGIC.get(file.read(4), "")
