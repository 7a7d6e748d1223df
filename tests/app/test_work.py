"""The tabs for work on images: forms made of options, names beside the project, runs that show themselves."""

import asyncio
import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import expect

import smalti
from smalti.app.content import Content
from smalti.app.forms import Form
from smalti.app.session import Session
from smalti.app.work.code import command_of, python_of
from smalti.app.work.place import name_for, path_for
from smalti.app.work.running import Running
from smalti.app.work.sorts import CURATE, EXPORT
from smalti.app.work.tab import WorkTab
from smalti.app.work.told import report_html
from smalti.core.errors import UsageError
from smalti.core.options import options_of
from smalti.core.plugin import Plugin, exporter
from smalti.core.progress import Progress, State
from smalti.export.pyramid.options import PyramidOptions
from smalti.export.report import Report
from smalti.processing.project import Project

HERE = Path(__file__).parent
USUAL = {"header", "most", "wait", "separator", "sort", "crop", "columns", "title", "overwrite"}


@pytest.fixture(scope="module")
def exporters() -> Iterator[Mapping[str, Plugin]]:
    with pytest.MonkeyPatch.context() as here:
        here.syspath_prepend(HERE)
        yield import_module("listing").EXPORTERS


@pytest.fixture(scope="module")
def content(demo: Project) -> Content:
    return Content.of(demo)


@pytest.fixture
def form(exporters: Mapping[str, Plugin]) -> Form:
    return Form(exporters["listing"].options["options"], hidden=("dry_run",))


@pytest.fixture
def tab(content: Content, exporters: Mapping[str, Plugin]) -> WorkTab:
    tab = WorkTab(Session(content), EXPORT, exporters)
    tab.visible = True
    return tab


def fill(fields: Any, **values: Any) -> None:
    """What the browser sends."""
    for key, value in values.items():
        fields._handle_msg({"key": key, "value": value})


def press(tab: WorkTab, do: str, key: str = "") -> None:
    tab.acts._buttons._handle_msg({"do": do, "key": key or do, "value": ""})


def result(tab: WorkTab) -> str:
    return str(tab.acts._result.markup)


def test_a_form_has_a_labelled_field_for_every_option_and_none_for_a_hidden_one(form: Form) -> None:
    markup = form.fields.markup
    for name in USUAL:
        assert f'id="option-{name}"' in markup
        assert f'id="help-{name}"' in markup
    assert "dry_run" not in markup
    assert markup.count("<fieldset>") == 2
    assert "A first &lt;line&gt;." in markup


def test_an_untouched_form_states_nothing_and_reads_as_the_usual_record(
    form: Form, exporters: Mapping[str, Plugin]
) -> None:
    assert form.read() == exporters["listing"].options["options"]()
    assert form.changed == {}


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("header", False, False),
        ("most", " 12", 12),
        ("wait", "0.5", 0.5),
        ("separator", "tab", "tab"),
        ("sort", "series", "series"),
        ("crop", "64, 32", (64, 32)),
        ("columns", "path, name", ("path", "name")),
        ("title", "Mine", "Mine"),
    ],
)
def test_what_is_filled_in_comes_back_as_the_option_it_is(
    form: Form, name: str, typed: Any, value: Any
) -> None:
    fill(form.fields, **{name: typed})
    assert form.changed == {name: value}


@pytest.mark.parametrize("name", ["most", "crop", "sort", "title"])
def test_an_emptied_field_is_as_usual_again(form: Form, name: str) -> None:
    fill(form.fields, **{name: "7"})
    fill(form.fields, **{name: ""})
    assert form.changed == {}


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("most", "9999", "Most is '9999'; give a whole number from 1 to 5000."),
        ("most", "2.5", "Most is '2.5'; give a whole number from 1 to 5000."),
        ("wait", "soon", "Wait is 'soon'; give a number from 0 up."),
        ("crop", "64x64", "Crop is '64x64'; give whole numbers with commas, as H,W."),
        ("separator", "tabb", "did you mean 'tab'?"),
    ],
)
def test_a_wrong_value_is_said_under_its_field_and_read_no_further(
    form: Form, name: str, typed: str, said: str
) -> None:
    fill(form.fields, **{name: typed})
    assert said in form.fields.says[name]
    with pytest.raises(UsageError):
        form.read()
    fill(form.fields, **{name: ""})
    assert form.fields.says == {}


def test_options_that_do_not_go_together_are_said_below_the_form(form: Form) -> None:
    fill(form.fields, title="Mine", header=False)
    assert form.fields.says == {"*": "Title needs Header; switch it on."}


def test_what_no_form_has_is_left_alone(form: Form) -> None:
    fill(form.fields, dry_run=True, nonsense="x", most=["1"])
    assert form.changed == {}


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "../x",
        "a/b",
        "a\\b",
        "C:x",
        ".hidden",
        "x.",
        "a\x00b",
        "demo.smalti",
        "DEMO.smalti",
        "images",
    ],
)
def test_a_name_that_leads_elsewhere_or_names_the_project_or_its_images_is_refused(
    demo: Project, name: str
) -> None:
    with pytest.raises(UsageError, match="name"):
        path_for(demo, name, "")


def test_a_link_to_elsewhere_is_refused(demo: Project, tmp_path: Path) -> None:
    link = demo.source.parent / "linked.csv"
    link.symlink_to(tmp_path / "x.csv")
    with pytest.raises(UsageError, match="is a link to somewhere else"):
        path_for(demo, "linked", ".csv")


def test_a_plain_name_lies_beside_the_project_with_the_usual_ending(demo: Project) -> None:
    folder = demo.source.parent
    assert path_for(demo, " kept ", ".zarr") == folder / "kept.zarr"
    assert path_for(demo, "kept.other", ".zarr") == folder / "kept.other"
    demo_named = smalti.open(demo.path)
    demo_named.record = replace(demo.record, name="../a: b?")
    assert name_for(demo_named, ".zarr") == "a- b.zarr"


def test_the_images_chosen_follow_filters_and_selection(tab: WorkTab) -> None:
    state = tab._session.state
    assert tab.ask.fields.markup.count("disabled") == 1
    state.add_filter("size_x", "==", 256)
    state.select_where("path.str.contains('0')")
    kept, selected = state.n[1:]
    assert f"The {kept} filtered images" in tab.ask.fields.markup
    fill(tab.ask.fields, rows="selected")
    assert (tab.ask.n, tab.wish().images()["path"].to_list()) == (selected, state.selected["path"].to_list())
    state.clear_selection()
    assert (tab.ask.rows, tab.ask.fields.values["rows"]) == ("filtered", "filtered")
    fill(tab.ask.fields, rows="all")
    assert tab.wish().images().height == state.n[0]


def test_a_preview_writes_nothing_and_an_export_what_it_said(tab: WorkTab) -> None:
    fill(tab.ask.fields, called="first")
    fill(tab.form.fields, most="7")
    press(tab, "preview")
    assert "<li>7 lines</li>" in result(tab)
    assert not tab.wish().path.exists()
    press(tab, "go")
    assert "<dt>written</dt><dd>7</dd>" in result(tab)
    assert "could not be read were left out" in result(tab)
    assert pl.read_csv(tab.wish().path).height == 7


def test_what_came_of_one_exporter_is_not_shown_below_another(
    tab: WorkTab, exporters: Mapping[str, Plugin]
) -> None:
    press(tab, "preview")
    assert result(tab)
    fill(tab.ask.fields, what=next(name for name in exporters if name != tab.ask.what))
    assert not tab.acts._result.visible


def test_a_failure_is_said_and_the_result_before_it_stays(tab: WorkTab) -> None:
    fill(tab.ask.fields, called="second")
    press(tab, "go")
    press(tab, "go")
    assert tab.acts.trouble == "There is second.csv already; give Overwrite, or another name."
    assert "<dt>written</dt>" in result(tab)
    fill(tab.ask.fields, what="full")
    assert tab.acts.trouble == ""
    press(tab, "go")
    assert tab.acts.trouble.startswith("It ended with OSError: no room left for")
    assert (tab.acts._running.busy, tab.acts.previews) == (False, False)


def test_nothing_is_exported_where_nothing_is_left_or_a_field_is_wrong(tab: WorkTab) -> None:
    fill(tab.ask.fields, called="../x")
    assert "give a name alone" in tab.ask.fields.says["called"]
    press(tab, "go")
    assert "give a name alone" in tab.acts.trouble
    tab._session.state.add_filter("size_x", "<", 0)
    assert "No image passes the filters" in tab.acts._buttons.markup
    assert tab.acts._buttons.markup.count("disabled") == 2
    press(tab, "go")
    fill(tab.ask.fields, rows="all", called="x")
    assert tab.acts.why_not == ""


def test_without_exporters_it_says_so_and_a_broken_record_is_left_out(content: Content) -> None:
    @dataclass
    class Untold:
        x: int = 1

    @exporter("untold", title="Untold", options=Untold)
    def untold(images: Any, out: str, options: Untold, progress: Progress) -> Report:
        """Nothing is known of its options."""
        raise AssertionError

    tab = WorkTab(Session(content), EXPORT, {"untold": untold.__smalti__})  # type: ignore[attr-defined]
    tab.visible = True
    assert "No exporter is installed" in tab._place[0].object


def test_a_project_without_images_says_so(
    demo: Project, project_of: Callable[[pl.DataFrame], Project], exporters: Mapping[str, Plugin]
) -> None:
    tab = WorkTab(Session(Content.of(project_of(demo.images.head(0).collect()))), EXPORT, exporters)
    tab.visible = True
    assert "holds no image yet" in tab.acts._buttons.markup


def test_the_export_is_copied_as_python_and_as_a_command(tab: WorkTab, tmp_path: Path) -> None:
    state = tab._session.state
    state.group_by = "condition"
    state.add_filter("mean", "is_outlier", 2.0, invert=True)
    state.select_where("size_x == 256")
    fill(tab.ask.fields, rows="selected", called="third")
    fill(tab.form.fields, columns="path,name", header=False, crop="8,9")
    path, wish = tab.wish().path, tab.wish()
    press(tab, "copy", "Python")
    code = tab.acts._buttons.clip["text"]
    asked = code.splitlines()[-1]
    assert asked == (
        f'project.export_images("listing", "{path}", images=project.view.selected, header=False, '
        "crop=(8, 9), columns=('path', 'name'))"
    )
    found: dict[str, Any] = {}
    exec(code.replace(asked, "rows = project.view.selected"), found)
    assert set(found["rows"]["path"]) == set(wish.images()["path"])
    parts = shlex.split(command_of(wish))
    assert parts[:3] == ["smalti", "listing", str(tab._session.content.project.source)]
    flags = ["--no-header", "--crop", "8,9", "--columns", "path", "--columns", "name"]
    assert parts[-9:] == ["--out", str(path), *flags]
    assert "--where" in parts
    assert "--select-where" in parts
    assert "--group-by" not in parts


def test_more_images_than_code_should_name_are_said(tab: WorkTab) -> None:
    tab._session.state.add_filter("path", "in", [f"{n}.tif" for n in range(300)], invert=True)
    with pytest.raises(UsageError, match="save the view by name"):
        python_of(tab.wish())
    press(tab, "copy", "CLI")
    assert "save the view by name" in tab.acts.trouble


def test_a_step_takes_the_images_that_the_filter_leaves_and_can_be_had_as_code(content: Content) -> None:
    tab = WorkTab(Session(content), CURATE)
    tab.visible = True
    tab._session.state.add_filter("size_x", "==", 256)
    fill(tab.ask.fields, what="patch2d", called="patches")
    fill(tab.form.fields, crop_size="128", write="none")
    kept, path = tab.ask.n, tab.wish().path
    press(tab, "go")
    assert "<dt>images done</dt>" in result(tab), tab.acts.trouble
    assert "<dt>patches in it now</dt>" in result(tab)
    patches = smalti.curation.open_patches(path)
    assert (
        patches.frame["source_uri"].n_unique() == tab.wish().images().filter(pl.col("status") == "ok").height
    )
    assert kept < tab._session.state.n[0]
    asked = f'project.curate("patch2d", "{path}", crop_size=128, write="none")'
    assert python_of(tab.wish()).splitlines()[-1] == asked
    line = shlex.split(command_of(tab.wish()))
    assert line[:4] == ["smalti", "curate", "patch2d", str(content.project.source)]
    assert "--where" in line


def test_steps_that_take_no_images_and_options_that_write_over_them_are_not_offered(content: Content) -> None:
    tab = WorkTab(Session(content), CURATE)
    tab.visible = True
    assert {"patch2d", "patch3d", "dedupe", "standardize"} <= tab.ask._known.keys()
    assert "reconstruct" not in tab.ask._known
    fill(tab.ask.fields, what="standardize")
    assert "in_place" not in tab.form.fields.markup


def test_failures_are_listed_with_their_reasons_and_escaped() -> None:
    report = Report("x", 2, 12, 20, (("<b>.tif", "no room"),), ("one <i>note</i>",), 12.0)
    markup = report_html(report, EXPORT, preview=False)
    assert "&lt;b&gt;.tif" in markup
    assert "one &lt;i&gt;note" in markup
    assert "and 11 more" in markup
    assert "<dt>images in it now</dt><dd>20</dd>" in markup


def test_a_run_leaves_the_loop_free_says_where_it_is_and_stops_when_told() -> None:
    async def visit() -> tuple[list[State], list[Report | str]]:
        told: list[State] = []
        ended: list[Report | str] = []
        running = Running(told.append, ended.append)
        running.start(endless)
        running.start(endless)  # the second press of an impatient visitor
        while not told:
            await asyncio.sleep(0.01)
        running.stop()
        while running.busy:
            await asyncio.sleep(0.01)
        return told, ended

    told, ended = asyncio.run(visit())
    assert told[0].total == 1000
    assert len(ended) == 1
    assert str(ended[0]).startswith("Stopped at")


def endless(progress: Progress) -> Report:
    for done in range(1000):
        progress.update(State(done, 1000))
        time.sleep(0.02)
    return Report("x")


@pytest.fixture(scope="module")
def installed(
    demo: Project, served: Callable[[Path], AbstractContextManager[str]], tmp_path_factory: Any
) -> Any:
    """The page where a package with the exporters of `listing.py` is installed too."""
    site = tmp_path_factory.mktemp("site")
    about = site / "listing-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: listing\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[smalti.plugins]\nexporters = listing\n")
    with pytest.MonkeyPatch.context() as here:
        here.setenv("PYTHONPATH", os.pathsep.join((str(site), str(HERE))))
        with served(demo.path) as url:
            yield url


@pytest.mark.browser
def test_an_installed_exporter_has_its_form_previews_exports_and_shows_the_result(
    installed: str, visit: Any, demo: Project
) -> None:
    opened = visit(installed)
    page = opened.page
    page.get_by_role("tab", name="Export").click()
    page.get_by_label("Export as").select_option("listing")
    page.get_by_label("Most").fill("0")
    page.get_by_label("Wait").focus()
    expect(page.get_by_label("Most")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Most is '0'; give a whole number from 1 to 5000.")).to_be_visible()
    page.get_by_label("Most").fill("40")
    page.get_by_label("Name", exact=True).fill("fourth")
    page.get_by_role("button", name="Preview").click()  # while the name is on its way
    expect(page.get_by_text("40 lines")).to_be_visible()
    page.get_by_label("Wait").fill("0.1")
    page.get_by_role("button", name="Export", exact=True).press("Enter")
    expect(page.get_by_text("of 40 images")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped at")).to_be_visible()
    page.get_by_label("Wait").fill("0")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.locator(".report .written")).to_contain_text("40")
    expect(page.locator(".report")).to_contain_text("fourth.csv")
    page.get_by_role("tab", name="Mosaic").click()
    page.get_by_role("tab", name="Export").click()
    expect(page.get_by_label("Most")).to_have_value("40")
    assert pl.read_csv(demo.source.parent / "fourth.csv").height == 40
    assert opened.is_clean()


def test_no_form_asks_for_files_of_the_server():
    known = {one.name for one in options_of(PyramidOptions) if one.names_files}
    assert known == {"labels"}
    assert known.isdisjoint(Form(PyramidOptions).changed)
    assert "labels" not in Form(PyramidOptions)._options
