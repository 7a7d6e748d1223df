"""Clusters of near-duplicates on the page of a set of patches."""

import numpy as np
import pytest
import tifffile
from playwright.sync_api import expect

import smalti
from smalti.app.content import Content
from smalti.app.session import Session
from smalti.app.views.clusters import Clusters, has_clusters
from smalti.testing.volumes import em_volume


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("volumes")
    volume, _ = em_volume(shape=(8, 128, 128))
    tifffile.imwrite(folder / "em.tif", volume, metadata={"axes": "ZYX"})
    return smalti.patch3d(folder / "em.tif", folder / "patches", crop_size=64, voxel_size="1,1,1")


@pytest.fixture(scope="module")
def content(patches):
    return Content.of(patches.project(every=True))


def test_exemplars_come_with_the_largest_cluster_first_and_its_members_beside(patches, content):
    exemplars, members = Clusters(Session(content))._inner
    sizes = exemplars.state.selected if exemplars.state.view.selection else exemplars.state.filtered
    assert sizes.height == patches.clusters().height
    assert exemplars.state.view.sort_by == "cluster_size"
    largest = patches.clusters().row(0, named=True)
    assert members.state.filtered["cluster"].unique().to_list() == [largest["cluster"]]
    assert members.state.filtered.height == largest["cluster_size"]


def test_a_click_on_an_exemplar_shows_its_cluster_and_opens_it(patches, content):
    session = Session(content)
    exemplars, members = Clusters(session)._inner
    row = int(np.flatnonzero(content.images["is_exemplar"].to_numpy())[-1])
    exemplars.opened = row
    cluster = content.images["cluster"][row]
    assert set(members.state.filtered["patch_id"]) == set(patches.members(cluster)["patch_id"])
    assert session.opened == row


def test_filters_of_the_page_hold_for_clusters_too(content):
    session = Session(content)
    exemplars, members = Clusters(session)._inner
    session.state.add_filter("cluster_size", ">", 10**6)
    assert exemplars.state.filtered.height == members.state.filtered.height == 0
    session.state.clear_filters()
    assert members.state.filtered.height > 0


def test_a_table_without_clusters_has_no_such_tab(demo):
    assert not has_clusters(Content.of(demo).table)


@pytest.mark.browser
def test_the_tab_shows_both_mosaics(patches, content, served, visit):
    with served(content.project.path) as url:
        opened = visit(url)
        opened.page.get_by_role("tab", name="Clusters").click()
        exemplars = opened.page.locator(".exemplars")
        expect(exemplars.get_by_text(f"{patches.clusters().height} of {len(patches)} images")).to_be_visible()
        expect(opened.page.get_by_text("Members of one cluster")).to_be_visible()
        assert opened.is_clean()
