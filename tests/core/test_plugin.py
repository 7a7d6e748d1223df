import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from smalti.core import plugin
from smalti.core.columns import Column
from smalti.core.errors import PluginClashError, UnknownNameError
from smalti.core.plugin import collect, find, metric, metric_set_version, plugins, step

COLUMN = Column("answer", "Float32", "", "A number.")


def module_with(name, **members):
    module = ModuleType(name)
    for key, value in members.items():
        value.__module__ = name
        setattr(module, key, value)
    sys.modules[name] = module
    return module


@pytest.fixture
def entries(monkeypatch):
    """Lets a test say which modules are installed as plugins."""
    found = []
    monkeypatch.setattr(plugin, "_installed", lambda: found)
    monkeypatch.setattr(plugin, "_broken", {})
    yield lambda name, module: found.append(EntryPoint(name, module, plugin.GROUP))
    plugin._load.cache_clear()


def test_a_marked_function_states_its_columns_and_needs():
    @metric(COLUMN, version=3)
    def answer(moments):
        """How much."""

    mark = answer.__smalti__
    assert (mark.kind, mark.name, mark.needs, mark.version) == ("metric", "answer", ("moments",), 3)
    assert mark.meaning == "How much."


def test_a_metric_that_asks_for_what_does_not_exist_is_refused():
    with pytest.raises(TypeError, match="a metric of planes may ask for plane, moments"):
        metric(COLUMN)(lambda pixels: 0)


@pytest.mark.parametrize(
    ("function", "over"), [(lambda planes: 0, "S"), (lambda plane: 0, "T"), (lambda shifts: 0, "TX")]
)
def test_axes_that_a_metric_cannot_look_along_are_refused(function, over):
    with pytest.raises(TypeError, match="a metric of images may look along axes out of 'TCZ'"):
        metric(COLUMN, over=over)(function)


def test_a_metric_without_columns_is_refused():
    with pytest.raises(TypeError, match="declares no column"):
        metric()(lambda plane: 0)


def test_functions_imported_from_elsewhere_are_not_collected():
    @metric(COLUMN)
    def answer(plane):
        return 0

    home = module_with("home_of_answer", answer=answer)
    visitor = ModuleType("visitor")
    visitor.answer = answer
    assert [p.name for p in collect(home)] == ["answer"]
    assert collect(visitor) == []


def test_two_plugins_with_one_name_are_an_error_that_names_both_modules(entries):
    for name in ("first_module", "second_module"):
        module_with(name, answer=metric(COLUMN, name="answer")(lambda plane: 0))
        entries(name, name)
    with pytest.raises(PluginClashError, match=r"first_module.*second_module"):
        plugins("metric")


def test_a_broken_plugin_is_reported_and_skipped(entries):
    module_with("sound_module", answer=metric(COLUMN, name="answer")(lambda plane: 0))
    entries("gone", "no_such_module")
    entries("sound", "sound_module")
    assert list(plugins("metric")) == ["answer"]
    assert "No module named" in plugin.broken()["gone (no_such_module)"]


def test_an_entry_named_by_another_kind_is_not_imported(entries):
    entries("views", "no_such_module")
    assert plugins("metric") == {}
    assert plugin.broken() == {}


def test_an_unknown_plugin_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'tiff'"):
        find("loader", "tif")


def test_the_version_of_a_set_changes_with_its_members_and_their_versions():
    first = metric(COLUMN, name="a")(lambda plane: 0).__smalti__
    newer = metric(COLUMN, name="a", version=2)(lambda plane: 0).__smalti__
    other = metric(COLUMN, name="b")(lambda plane: 0).__smalti__
    sets = [(), (first,), (newer,), (first, other)]
    assert len({metric_set_version(s) for s in sets}) == 4
    assert metric_set_version((first, other)) == metric_set_version((other, first))


def test_a_step_states_its_title_options_and_whether_it_needs_a_place():
    @step("clean", title="Clean images", options=int, needs_out=False)
    def clean(sources, out, options, progress):
        """Make them clean."""

    mark = clean.__smalti__
    assert (mark.kind, mark.name, mark.meaning) == ("step", "clean", "Make them clean.")
    assert dict(mark.options) == {
        "title": "Clean images",
        "options": int,
        "needs_out": False,
        "takes": "images",
    }
