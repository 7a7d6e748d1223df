"""The images that are chosen as the images of a COCO file, to be annotated."""

import json

from smalti import __version__
from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.export.images import Chosen
from smalti.export.lists.file import write_list
from smalti.export.lists.options import ListOptions
from smalti.export.lists.rows import plain_rows, project_of, rows_of, with_full_paths
from smalti.export.report import Report

__all__ = ["coco"]


@exporter("coco", title="COCO images", options=ListOptions, suffix=".json", command="list --as coco")
def coco(images: Chosen, out: str, options: ListOptions, progress: Progress) -> Report:
    """A COCO file with an entry for each file: name, width, height, date; no annotations yet."""
    rows = rows_of(images)
    rows = rows.filter(rows["size_x"].is_not_null())
    rows = with_full_paths(images, rows) if options.absolute else rows
    rows = rows.unique("path", keep="first", maintain_order=True)
    left_out = rows_of(images)["path"].n_unique() - rows.height
    entries = [
        {
            "id": number,
            "file_name": row["path"],
            "width": row["size_x"],
            "height": row["size_y"],
            "date_captured": row.get("acquired_at", ""),
            "condition": row.get("condition", ""),
        }
        for number, row in enumerate(plain_rows(rows), start=1)
    ]
    told = {
        "info": {"description": project_of(images).name, "contributor": f"smalti {__version__}"},
        "licenses": [],
        "images": entries,
        "annotations": [],
        "categories": [],
    }
    note = f"{left_out:,} files of unknown width and height were left out" if left_out else ""
    data = json.dumps(told, indent=1, ensure_ascii=False).encode()
    return write_list(out, data, len(entries), options, progress, note=note)
