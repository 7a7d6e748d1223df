"""Where the images that are chosen come from, as a graph in the manner of RO-Crate."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from smalti import __version__
from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.core.remote import is_url, shown
from smalti.export.images import Chosen
from smalti.export.lists.file import write_list
from smalti.export.lists.options import ListOptions
from smalti.export.lists.rows import plain_rows, project_of, rows_of, with_full_paths
from smalti.export.report import Report

__all__ = ["provenance"]

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


@exporter(
    "provenance", title="Provenance", options=ListOptions, suffix=".json", command="list --as provenance"
)
def provenance(images: Chosen, out: str, options: ListOptions, progress: Progress) -> Report:
    """Sources with size, date and hash, the filter, the software and its version, as RO-Crate writes them."""
    rows = rows_of(images)
    rows = with_full_paths(images, rows) if options.absolute else rows
    rows = rows.unique("path", keep="first", maintain_order=True)
    files = list(map(_file, plain_rows(rows)))
    graph = [*_crate(images, [file["@id"] for file in files]), *files]
    data = json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False).encode()
    return write_list(out, data, len(files), options, progress, what="file")


def _crate(images: Chosen, ids: list[str]) -> Iterator[dict[str, Any]]:
    """The crate itself, what made it, and how."""
    project = project_of(images)
    record = project.record
    parts = [{"@id": each} for each in ids]
    yield {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": project.name,
        "description": record.description or f"{len(ids):,} files chosen out of {record.files:,}.",
        "datePublished": datetime.now(UTC).isoformat(timespec="seconds"),
        "hasPart": parts,
    }
    yield {
        "@id": "#smalti",
        "@type": "SoftwareApplication",
        "name": "smalti",
        "softwareVersion": __version__,
        "license": {"@id": "https://spdx.org/licenses/BSD-3-Clause"},
    }
    base = "" if record.omit_base_dir else shown(record.base)
    yield {"@id": "#source", "@type": "Collection", "name": base or project.name, "size": record.files}
    yield {
        "@id": "#choosing",
        "@type": "CreateAction",
        "name": "The images that meet the filter",
        "description": images.chosen_by or "all images",
        "instrument": {"@id": "#smalti"},
        "object": {"@id": "#source"},
        "result": parts,
        "measuredWith": {"softwareVersion": record.version, "metrics": dict(record.metrics)},
    }


def _uri(path: str) -> str:
    """A path or URL as RO-Crate has it: with no spaces and signs that mean something in URIs."""
    if is_url(path):
        return path
    return Path(path).as_uri() if Path(path).is_absolute() else quote(path, errors="surrogateescape")


def _file(row: dict[str, Any]) -> dict[str, Any]:
    """A source; ``pixelHash`` is of its pixels, where these were hashed."""
    found = {
        "@id": _uri(row["path"]),
        "@type": "File",
        "name": row.get("name"),
        "contentSize": row.get("size_bytes"),
        "dateModified": row.get("modified"),
        "encodingFormat": row.get("format"),
        "pixelHash": row.get("content_hash"),
        "sha256": row.get("sha256"),
    }
    return {name: value for name, value in found.items() if value is not None}
