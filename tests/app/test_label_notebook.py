"""The labelling widget in a real JupyterLab, whose own keys it must not set off."""

import json

import pytest
from playwright.sync_api import expect

from smalti.app.labelling import log_of
from smalti.testing.labelled import labelled_patches

from .jupyter_lab import jupyter_lab
from .labelled_set import cut

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    return cut(labelled_patches(2, 8, side=64), tmp_path_factory.mktemp("label"))[0]


@pytest.fixture(scope="module")
def notebook(patches, tmp_path_factory, visit, wait_for):
    """A notebook of two cells, the second of which asks what was labelled in the first."""
    path = tmp_path_factory.mktemp("notebook") / "label.ipynb"
    shown = f"import smalti\n\nlabeller = smalti.open_patches({str(patches.folder)!r}).label(order='given')"
    asked = "print('flags', labeller.flags['flag'].to_list(), labeller.current)"
    usual = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [
        usual | {"id": "shown", "source": f"{shown}\nlabeller"},
        usual | {"id": "asked", "source": asked},
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    facts = {"metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps({"cells": cells} | facts))
    with jupyter_lab(path, tmp_path_factory.mktemp("lab"), wait_for) as url:
        opened = visit(url, 1400, 1000)
        opened.page.locator(".jp-Notebook").wait_for()
        expect(opened.page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
        opened.page.locator(".jp-CodeCell .cm-content").first.click()
        opened.page.keyboard.press("Control+Enter")
        yield opened


def test_keys_label_and_leave_the_notebook_alone(notebook, patches):
    page = notebook.page
    root = page.locator(".smalti-label")
    expect(root).to_have_attribute("data-complete", "true", timeout=120_000)
    page.locator(".smalti-label .pad").click(position={"x": 40, "y": 40})
    page.keyboard.press("b")  # means nothing here, and adds a cell where JupyterLab hears it
    for labelled, key in ((1, "x"), (2, "k"), (1, "z"), (2, "2")):
        page.keyboard.press(key)
        expect(root).to_have_attribute("data-labelled", str(labelled))
        expect(root).to_have_attribute("data-waiting", "0")
    page.keyboard.press("a")
    expect(root).not_to_have_attribute("data-chosen", "0")
    page.keyboard.press("Escape")
    expect(root).to_have_attribute("data-chosen", "0")
    assert page.locator(".jp-CodeCell").count() == 2
    assert log_of(patches).state()["flag"].to_list() == ["unsure", "reject"]


def test_what_was_labelled_is_known_to_the_next_cell(notebook, patches):
    second = notebook.page.locator(".jp-CodeCell").nth(1)
    second.locator(".cm-content").click()
    notebook.page.keyboard.press("Control+Enter")
    third = patches.frame["patch_id"][2]
    expect(second.locator(".jp-OutputArea")).to_contain_text(f"flags ['unsure', 'reject'] {third}")
    assert notebook.is_clean()
