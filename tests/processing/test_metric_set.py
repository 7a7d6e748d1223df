import pytest

from smalti.core.columns import Column
from smalti.core.errors import PluginClashError, UsageError
from smalti.core.plugin import find, metric
from smalti.processing.batch import columns_of
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings


def in_notebook(function, column="answer"):
    """A metric `answer` as a cell of a notebook makes it."""
    function.__module__ = "__main__"
    return metric(Column(column, "Float32", "", "A number."), name="answer")(function).__smalti__


def versions(*functions):
    settings = Settings(metrics=("answer",))
    return [choose_metrics(settings, [in_notebook(function)]).version for function in functions]


def test_a_changed_body_of_a_notebooks_metric_changes_the_version():
    first = versions(
        lambda moments: moments.mean + 1,
        lambda moments: moments.mean + 2,
        lambda moments: moments.std + 1,
        lambda moments: max(n + 1 for n in (1, 2)),
        lambda moments: max(n + 2 for n in (1, 2)),
    )
    again = versions(lambda moments: moments.mean + 1, lambda moments: moments.mean + 2)
    assert len(set(first)) == 5
    assert again == first[:2]


def test_a_metric_named_like_an_installed_one_is_refused():
    intensity = metric(Column("other", "Float32", "", "A number."), name="intensity")(lambda plane: 0.0)
    with pytest.raises(PluginClashError, match=r"two metrics are named 'intensity'.*smalti\.metrics"):
        choose_metrics(Settings(), [intensity.__smalti__])


def test_an_installed_metric_may_be_given_as_the_function_it_is():
    given = find("metric", "intensity")
    assert given in choose_metrics(Settings(metrics=("intensity",)), [given]).of_planes


def test_a_metric_made_inside_a_function_is_answered_with_where_it_must_stand():
    settings = Settings(metrics=("inner_",), modules=("smalti.metrics.focus",))
    with pytest.raises(UsageError, match=r"'inner_'.*module level, here of smalti\.metrics\.focus"):
        choose_metrics(settings)


@pytest.mark.parametrize(
    ("column", "owner"),
    [
        ("mean", "metric intensity of smalti.metrics.intensity"),
        ("path", "smalti's own"),
        ("t", "smalti's own"),
    ],
)
def test_a_column_that_is_already_there_is_refused_with_both_owners(column, owner):
    made = in_notebook(lambda moments: 0.0, column)
    chosen = choose_metrics(Settings(), [made])
    with pytest.raises(PluginClashError, match=rf"two columns are named '{column}': one in {owner}.*answer"):
        columns_of(chosen)


def test_a_column_declared_twice_by_one_metric_is_refused():
    twice = metric(*[Column("a", "Float32", "", "A.")] * 2, name="answer")(lambda plane: (1.0, 1.0))
    with pytest.raises(PluginClashError, match="two columns are named 'a'"):
        columns_of(choose_metrics(Settings(metrics=("answer",)), [twice.__smalti__]))


def test_a_columns_name_stands_for_its_metric():
    chosen = choose_metrics(Settings(metrics=("snr_db", "blockiness")))
    assert {metric.name for metric in chosen.of_planes} == {"counts", "noise", "blockiness"}
    assert chosen.version == choose_metrics(Settings(metrics=("noise", "blockiness"))).version


def test_excluding_a_column_leaves_out_its_metric():
    kept = {column.name for column in choose_metrics(Settings(exclude=("noise_sigma",))).plane_columns}
    assert not kept & {"noise_sigma", "snr_db"}
    assert "mscn_variance" in kept


@pytest.mark.parametrize("settings", [{"metrics": ("nois_sigma",)}, {"exclude": ("nois_sigma",)}])
def test_an_unknown_metric_is_answered_with_the_nearest_name_of_metric_or_column(settings):
    with pytest.raises(UsageError, match="no metric named 'nois_sigma'; did you mean 'noise_sigma'"):
        choose_metrics(Settings(**settings))
