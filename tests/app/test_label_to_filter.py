"""From 64 keys pressed on a page to a filter that knows datasets it never saw."""

from dataclasses import replace
from itertools import compress

import pytest
from playwright.sync_api import expect

from smalti.curation import curate
from smalti.curation.learning.auroc import auroc
from smalti.curation.patchset import PatchSet
from smalti.testing.labelled import labelled_patches

from .labelled_set import cut, labelling_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LABELS = 64
SEEN = {"em00", "em01", "em02", "em03"}


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Two sets of four datasets each, and their truth by patch id."""
    labelled, folder = labelled_patches(), tmp_path_factory.mktemp("filter")
    found = []
    for name, wanted in (("seen", True), ("new", False)):
        rows = [(dataset in SEEN) is wanted for dataset in labelled.dataset]
        part = replace(labelled, pixels=labelled.pixels[rows], informative=labelled.informative[rows])
        found.append(cut(replace(part, dataset=tuple(compress(labelled.dataset, rows))), folder / name))
    return found


def give_labels(page, truth):
    """Press the key of the truth for each patch that is shown, one by one."""
    root = page.locator(".smalti-label")
    expect(root).to_have_attribute("data-complete", "true")
    page.locator(".smalti-label .pad").focus()
    page.keyboard.press("g")
    expect(root).to_have_attribute("data-mode", "single")
    for done in range(LABELS):
        expect(root).to_have_attribute("data-labelled", str(done))
        expect(root).to_have_attribute("data-waiting", "0")
        shown = page.locator('.single .large:not(.waits):not([data-id=""])')
        expect(shown).to_have_attribute("data-flag", "")
        page.keyboard.press("k" if truth[shown.get_attribute("data-id")] else "r")
    expect(root).to_have_attribute("data-labelled", str(LABELS))
    expect(root).to_have_attribute("data-waiting", "0")


def test_64_labels_by_keyboard_make_a_filter_that_knows_new_datasets(sets, visit, tmp_path):
    (seen, truth), (new, truth_of_new) = sets
    curate("features", seen.folder)
    with labelling_page(seen) as (url, said):
        visited = visit(url)
        give_labels(visited.page, truth)
        assert visited.is_clean()
        visited.page.close()
    assert f"{LABELS} patches of {len(seen)} have a flag" in said[0]
    curate("train-filter", seen.folder, tmp_path / "model")
    curate("filter", new.folder, model=str(tmp_path / "model"))
    frame = PatchSet.open(new.folder).frame
    good = [truth_of_new[one] for one in frame["patch_id"]]
    assert auroc(good, frame["score"].to_numpy()) >= 0.98
