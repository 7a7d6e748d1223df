import re

import polars as pl
import pytest

from smalti.core.errors import UnknownNameError
from smalti.table.palette import check_palette, value_colours
from smalti.table.usual import usual_view
from smalti.table.view import Table, ViewState


@pytest.mark.parametrize("name", ["viridis", "Cividis", "turbo", "fire", "CET_L19", "bmy"])
def test_a_palette_of_bokeh_or_colorcet_has_256_colours(name):
    check_palette(name)
    assert len(value_colours(name)) == 256
    assert all(re.fullmatch("#[0-9a-f]{6}", colour.lower()) for colour in value_colours(name))


def test_an_unknown_palette_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'cividis'"):
        check_palette("cividus")


def test_a_table_opens_with_the_palette_of_its_project_which_saved_views_keep():
    table = Table(pl.DataFrame({"image_id": ["a"], "condition": ["x"]}), palette="fire")
    state = ViewState(table, usual_view(table))
    assert state.palette == "fire"
    assert ViewState.from_dict(table, state.to_dict()).palette == "fire"
    state.palette = "inferno"
    assert "palette=inferno" in state.to_url()
