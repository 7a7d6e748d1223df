"""The widget of a notebook: what is selected on screen is selected in Python, and back."""

import base64
import re
from typing import Any

import imagecodecs
import numpy as np
import polars as pl
import pytest

from smalti.core.errors import SmaltiError
from smalti.processing.project import Project
from smalti.widgets._host import module
from smalti.widgets.mosaic import Mosaic

SVG = "http://www.w3.org/2000/svg"
"""A name, never asked for."""


class Recorded(Mosaic):
    """Keeps what it sends."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        super().__init__(*args, **options)

    def send(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.sent.append((content, buffers))


@pytest.fixture
def mosaic(plankton: Project) -> Recorded:
    plankton.view.clear_selection()
    return Recorded(plankton)


def from_browser(mosaic: Mosaic, content: dict[str, Any], rows: list[int]) -> None:
    mosaic._handle_custom_msg(content, [memoryview(np.array(rows, "<i4").tobytes())])


def test_a_selection_on_screen_is_read_in_python(mosaic: Recorded, plankton: Project) -> None:
    from_browser(mosaic, {"type": "select", "id": "1", "mode": "replace"}, [3, 5])
    ids = plankton.view.table.images["image_id"]
    assert mosaic.selected == [ids[3], ids[5]]
    assert plankton.view.selected["image_id"].to_list() == mosaic.selected
    assert mosaic.sent[-1][0]["type"] == "done"


def test_a_selection_in_python_is_sent_to_the_screen(mosaic: Recorded) -> None:
    from_browser(mosaic, {"type": "hello", "id": "1"}, [])
    mosaic.selected = mosaic.state.table.images["image_id"].gather([0, 39])
    content, buffers = mosaic.sent[-1]
    assert content["type"] == "state"
    flags = np.unpackbits(np.frombuffer(buffers[content["parts"].index("picked")], np.uint8))
    assert np.flatnonzero(flags).tolist() == [0, 39]


def test_the_view_of_the_project_drives_the_widget(mosaic: Recorded, plankton: Project) -> None:
    plankton.view.add_filter("format", "==", "PNG", name="png")
    content, buffers = mosaic.sent[-1]
    plankton.view.remove_filter("png")
    n = plankton.images.filter(pl.col("format") == "PNG").collect().height
    assert len(buffers[content["parts"].index("order")]) == 4 * n


def test_an_unknown_image_cannot_be_selected(mosaic: Recorded) -> None:
    with pytest.raises(SmaltiError, match="nothing"):
        mosaic.selected = ["nothing"]


def test_a_click_is_told(mosaic: Recorded) -> None:
    from_browser(mosaic, {"type": "open", "id": "1", "row": 2}, [])
    assert mosaic.opened == mosaic.state.table.images["image_id"][2]


def test_the_project_offers_it(plankton: Project) -> None:
    mosaic = plankton.mosaic(tile=48)
    assert isinstance(mosaic, Mosaic)
    assert mosaic.state is plankton.view


def test_a_saved_notebook_shows_a_picture(mosaic: Recorded) -> None:
    data, _ = mosaic._repr_mimebundle_()
    picture = imagecodecs.jpeg8_decode(base64.b64decode(data["image/jpeg"]))
    assert picture.shape == (6 * 64, 7 * 64, 3)
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.parametrize("host", ["anywidget", "panel"])
def test_the_script_is_one_module_that_asks_for_nothing(host: str) -> None:
    text = module("mosaic", host)
    assert not re.search(r"^\s*import\b|\bimport\(|https?:", text.replace(SVG, ""), re.MULTILINE)
    assert len(re.findall(r"^export ", text, re.MULTILINE)) == 1
    names = re.findall(r"^(?:async )?(?:function|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
