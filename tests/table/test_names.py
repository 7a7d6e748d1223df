import polars as pl
import pytest

from smalti.core.errors import UsageError
from smalti.table.names import is_template, template_columns

FILES = pl.DataFrame(
    {
        "name": ["A01_s3_1.5uM.tif", "H12_s044_-2uM.ome.tif", "overview.tif", None],
        "path": ["p 1/d2/A01_s3_1.5uM.tif", "p2/H12_s044_-2uM.ome.tif", "overview.tif", None],
    }
)


@pytest.mark.parametrize(
    ("template", "columns"),
    [
        ("{well}_s{site:int}", {"well": ["A01", "H12", None, None], "site": [3, 44, None, None]}),
        (r"{row:[A-H]}{column:\d{2}}", {"row": ["A", "H", None, None], "column": ["01", "12", None, None]}),
        ("_{dose:float}uM", {"dose": [1.5, -2.0, None, None]}),
        (
            "{plate}/{day}/{well}_",
            {
                "plate": ["1", None, None, None],
                "day": ["d2", None, None, None],
                "well": ["A01", None, None, None],
            },
        ),
        ("{a}.tif", {"a": ["5uM", "ome", "overview", None]}),
        ("{kind:over(view|all)}", {"kind": [None, None, "overview", None]}),
        ("{n:int}", {"n": [1, 12, None, None]}),
    ],
)
def test_a_template_reads_columns_from_names(template, columns):
    assert is_template(template)
    found = FILES.select(**{name: source.expr for name, source in template_columns(template).items()})
    assert found.columns == list(columns)
    for name, values in columns.items():
        assert found[name].to_list() == values


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("well", "has no field"),
        ("{well", "is not closed"),
        ("{1well}", "is named by letters"),
        ("{a}{a}", "is twice"),
        ("{a:(}", "cannot be read"),
        ("{a:[}", "cannot be read"),
    ],
)
def test_a_wrong_template_is_refused_in_words(template, said):
    with pytest.raises(UsageError, match=said):
        template_columns(template)


@pytest.mark.parametrize("text", ["condition", "path[1]", "{", "{}", "a {b c}"])
def test_a_column_is_no_template(text):
    assert not is_template(text)
