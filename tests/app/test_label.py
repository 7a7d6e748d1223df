"""The labelling widget in a real Chromium: keys give flags, the log has them, the screen shows them."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
from playwright.sync_api import expect

from smalti.app.content import Content
from smalti.app.labelling import log_of, rows_to_label, task_of
from smalti.app.session import Session
from smalti.app.views.label import LabelView, set_of
from smalti.core.errors import UnknownNameError
from smalti.curation.patchset import PatchSet
from smalti.testing.labelled import labelled_patches
from smalti.widgets.label import Labeller

from .labelled_set import cut, labelling_page

PATCHES = 48


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("label")
    return cut(labelled_patches(2, PATCHES // 2, side=64), folder, write="tiff")[0]


@pytest.fixture(scope="module")
def content(patches):
    return Content.of(patches.project())


def test_the_tab_labels_what_the_filters_leave(patches, content):
    session = Session(content)
    view = LabelView(session, patches)
    view.start()
    assert len(view._pane.task) == PATCHES
    session.state.add_filter("dataset", "==", "em01")
    assert set(view._pane.task.groups) == {"em01"}
    session.state.select_rows(np.array([1]))
    task = view._pane.task
    assert len(task) == PATCHES // 2
    assert task.picture(0).startswith(b"\x89PNG")


def test_only_a_project_of_patches_has_the_tab(patches, content, demo):
    assert set_of(content).folder == patches.folder
    assert set_of(Content.of(demo)) is None


def test_what_was_dropped_is_labelled_on_demand(patches):
    dropped = patches.frame.with_columns(decision=np.array(["drop", *["keep"] * (PATCHES - 1)]))
    other = replace(patches)
    other.__dict__["frame"] = dropped.with_columns(reason=np.array(["flat", *[None] * (PATCHES - 1)], object))
    assert rows_to_label(other).tolist() == list(range(1, PATCHES))
    assert len(rows_to_label(other, every=True)) == PATCHES


def test_a_set_is_labelled_from_python(patches):
    labeller = patches.label(order="given", who="ann")
    assert isinstance(labeller, Labeller)
    assert labeller.order.tolist() == list(range(PATCHES))
    with pytest.raises(UnknownNameError, match="did you mean 'given'"):
        patches.label(order="giver")


def test_the_usual_order_gives_datasets_turns(patches):
    patches.folder.joinpath("flags.jsonl").unlink(missing_ok=True)
    task = task_of(patches, rows_to_label(patches))
    groups = [task.groups[row] for row in task.order]
    assert {groups[0], groups[1]} == {"em00", "em01"}
    log_of(patches).decide(task.ids[task.order[0]], "keep")
    assert task.order[0] not in task.reorder()


# ---- in a browser, which runs an event loop in this thread from here on


@dataclass
class Shown:
    """A page to label on."""

    visit: object
    patches: PatchSet

    @property
    def page(self):
        return self.visit.page

    @property
    def root(self):
        return self.page.locator(".smalti-label")

    @property
    def here(self):
        return self.root.get_attribute("data-id")

    @property
    def flags(self):
        return dict(log_of(self.patches).state().select("id", "flag").iter_rows())

    def cell(self, k):
        return self.page.locator(".board .cell").nth(k)

    def is_ready(self, **facts):
        """Wait until the screen shows this, with all pictures, and Python has heard all."""
        for name, value in (facts | {"waiting": 0, "complete": "true", "id": re.compile(".")}).items():
            expect(self.root).to_have_attribute(f"data-{name}", value if isinstance(value, re.Pattern) else str(value))

    def press(self, *keys):
        """Press keys, each when the picture that it is about is there."""
        for key in keys:
            expect(self.root).to_have_attribute("data-id", re.compile("."))
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def opened(patches, visit):
    with labelling_page(patches, "--order", "given") as (url, _):
        yield Shown(visit(url), patches)


@pytest.fixture
def shown(opened):
    """The page without any flag: one for all tests, because opening takes seconds."""
    opened.patches.folder.joinpath("flags.jsonl").unlink(missing_ok=True)
    opened.page.reload()
    opened.is_ready(labelled=0, mode="grid")
    opened.page.locator(".smalti-label .pad").focus()
    return opened


@pytest.mark.browser
def test_keys_give_flags_and_go_on(shown):
    ids = shown.patches.frame["patch_id"]
    shown.press("1", "r", "ArrowRight", "x")
    shown.is_ready(labelled=3, row=4)
    assert shown.flags == {ids[0]: "keep", ids[1]: "reject", ids[3]: "unsure"}
    assert {one.because for one in log_of(shown.patches).decisions()} == {"labelling, as they lie"}
    expect(shown.cell(1).locator(".badge")).to_have_text("✕reject")
    expect(shown.page.get_by_text(f"3 of {PATCHES} labelled", exact=True)).to_be_visible()


@pytest.mark.browser
def test_undo_walks_back_to_the_beginning_and_shows_where(shown):
    shown.press("1", "2", "Backspace", "k")
    shown.is_ready(labelled=3)
    for labelled, row, key in ((2, 2, "u"), (1, 1, "z"), (0, 0, "Control+z")):
        shown.press(key)
        shown.is_ready(labelled=labelled, row=row)
    assert shown.flags == {}
    shown.press("u")
    expect(shown.page.locator(".smalti-label .spoken")).to_have_text("There is nothing to undo")


@pytest.mark.browser
def test_a_range_a_line_and_a_page_are_flagged_at_once(shown):
    shown.press("Shift+ArrowRight", "Shift+ArrowRight")
    shown.is_ready(chosen=3)
    shown.press("2")
    shown.is_ready(labelled=3, chosen=0, row=3)
    columns = shown.page.locator(".board").evaluate("b => getComputedStyle(b).gridTemplateColumns.split(' ').length")
    shown.press("Shift+Digit1")
    shown.is_ready(labelled=columns)
    assert set(shown.flags.values()) == {"keep"}
    shown.press("u", "a")
    page = shown.page.locator(".board .cell").count()
    shown.is_ready(labelled=3, chosen=page)
    shown.press("3")
    shown.is_ready(labelled=page)
    shown.press("u")
    shown.is_ready(labelled=3)


@pytest.mark.browser
def test_the_mouse_chooses_too(shown):
    shown.cell(1).click()
    shown.cell(4).click(modifiers=["Shift"])
    shown.is_ready(chosen=4)
    shown.cell(2).click(modifiers=["Control"])
    shown.is_ready(chosen=3)
    shown.cell(0).hover()
    shown.page.mouse.down()
    shown.cell(1).hover()
    shown.page.mouse.up()
    shown.is_ready(chosen=2)
    shown.page.get_by_role("button", name="keep").click()
    shown.is_ready(labelled=2)
    shown.cell(5).dblclick()
    shown.is_ready(mode="single", row=5)


@pytest.mark.browser
def test_one_by_one_goes_on_by_itself_and_past_what_is_done(shown):
    shown.press("g")
    shown.is_ready(mode="single", row=0)
    expect(shown.page.locator(".single .large img")).to_be_visible()
    shown.press("1", "Space", "2")
    shown.is_ready(labelled=2, row=3)
    shown.press("Home", "Space")
    shown.is_ready(row=1)
    shown.press("k")
    shown.is_ready(labelled=3, row=3)
    shown.press("ArrowLeft", "Backspace")
    shown.is_ready(labelled=2, row=2)
    assert shown.here not in shown.flags


@pytest.mark.browser
def test_what_was_flagged_is_shown_after_a_reload(shown):
    shown.press("1", "2", "3")
    shown.is_ready(labelled=3)
    shown.page.reload()
    shown.is_ready(labelled=3, row=3)
    assert [shown.cell(k).get_attribute("data-flag") for k in range(4)] == ["keep", "reject", "unsure", ""]
    expect(shown.page.locator(".flag output")).to_have_text(["1", "1", "1"])
    expect(shown.page.locator(".side li").first).to_contain_text(f"3 / {PATCHES // 2}")


@pytest.mark.browser
def test_only_what_has_no_flag_and_one_dataset_after_another(shown):
    shown.press("1", "1", "o")
    shown.is_ready(labelled=2, row=2)
    expect(shown.cell(0)).to_have_attribute("data-row", "2")
    shown.page.get_by_label("Order").select_option("one dataset after another")
    shown.is_ready(row=2)
    shown.press("k")
    shown.is_ready(labelled=3)
    assert log_of(shown.patches).decisions()[-1].because == "labelling, one dataset after another"


@pytest.mark.browser
def test_keys_are_listed_and_all_can_be_reached_without_a_mouse(shown):
    shown.press("?")
    dialog = shown.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("undo, as often as you like")
    shown.page.keyboard.press("1")
    shown.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(shown.page.get_by_role("listbox")).to_be_focused()
    shown.is_ready(labelled=0)
    shown.page.get_by_role("button", name="reject").focus()
    shown.page.keyboard.press("Enter")
    shown.is_ready(labelled=1, row=1)
    assert list(shown.flags.values()) == ["reject"]


@pytest.mark.browser
def test_all_labelled_says_what_to_do_next(shown):
    pages = 0
    while int(shown.root.get_attribute("data-labelled")) < PATCHES:
        before = int(shown.root.get_attribute("data-labelled"))
        shown.is_ready()
        shown.press("a", "k")
        expect(shown.root).not_to_have_attribute("data-labelled", str(before))
        pages += 1
    assert pages < 5
    expect(shown.page.get_by_text(f"All {PATCHES} patches have a flag")).to_be_visible()
    expect(shown.page.get_by_text("smalti curate train-filter")).to_be_visible()
    shown.page.get_by_role("button", name="Look at the patches again").click()
    shown.is_ready(row=PATCHES - 1)


@pytest.mark.browser
def test_a_lost_picture_says_why(shown):
    name = shown.patches.frame["file"][1]
    aside = (shown.patches.folder / name).rename(shown.patches.folder / "aside")
    try:
        shown.page.reload()
        expect(shown.cell(1)).to_contain_text("No picture:")
        expect(shown.cell(1)).to_contain_text("No such file")
        shown.is_ready()
    finally:
        aside.rename(shown.patches.folder / name)


@pytest.mark.browser
def test_a_decision_that_cannot_be_written_is_not_shown_as_made(shown):
    mark = shown.patches.folder / ".read-only"
    mark.write_text("some.zip")
    try:
        shown.press("1")
        expect(shown.page.get_by_role("alert").filter(has_text="is read-only")).to_be_visible()
        shown.is_ready(labelled=0)
    finally:
        mark.unlink()


@pytest.mark.browser
def test_nothing_was_fetched_and_nothing_went_wrong(shown):
    assert shown.visit.is_clean()


@pytest.mark.browser
def test_the_command_tells_the_counts_at_its_end(patches, visit):
    patches.folder.joinpath("flags.jsonl").unlink(missing_ok=True)
    with labelling_page(patches) as (url, said):
        shown = Shown(visit(url), patches)
        shown.is_ready()
        shown.page.locator(".smalti-label .pad").focus()
        shown.press("1", "1", "2")
        shown.is_ready(labelled=3)
        shown.page.close()
    assert f"3 patches of {PATCHES} have a flag: 2 keep, 1 reject" in said[0]
    assert "Traceback" not in said[1]


@pytest.mark.browser
def test_the_tab_on_the_page_of_the_set(patches, content, served, visit):
    patches.folder.joinpath("flags.jsonl").unlink(missing_ok=True)
    with served(content.project.path) as url:
        shown = Shown(visit(url, 1500, 1000), patches)
        shown.page.get_by_role("tab", name="Label").click()
        shown.is_ready(labelled=0)
        shown.page.locator(".smalti-label .pad").focus()
        shown.press("1", "2")
        shown.is_ready(labelled=2)
        assert sorted(shown.flags.values()) == ["keep", "reject"]
        assert shown.visit.is_clean()
