"""In a notebook cell the page brings all it needs, and not many times over."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from smalti.processing.project import Project

CELL = """
import asyncio
import smalti
from bokeh.models import ImportedStyleSheet

project = smalti.open({path!r})
view = project.explore()
sent, _ = view._repr_mimebundle_()
root = view._models[next(iter(view._models))][0]
project.view.add_expression("condition == 'em'")
await asyncio.sleep(2)  # views follow when the cell lets them
later = [sheet.url for sheet in root.select(dict(type=ImportedStyleSheet))]
print(len(sent["text/html"]), later)
"""

CDN = re.compile(r"https://(?:cdn\.holoviz|cdn\.bokeh|unpkg|fonts)[^\"' ]*")


@pytest.mark.slow
def test_a_cell_asks_no_host_and_holds_the_script_once(demo: Project) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(path=str(demo.path)))])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = notebook.cells[0].outputs
    said = "".join(output.text for output in outputs if output.output_type == "stream")
    size, later = said.split(" ", 1)
    assert int(size) < 8_000_000  # 1.4 MB twice, and forty thumbnails; 34 MB as Panel sends it
    assert later.startswith("[]")
    assert CDN.findall(str(outputs)) == []
