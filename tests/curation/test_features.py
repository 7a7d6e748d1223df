import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from made import made, tissue
from scipy.stats import kurtosis
from skimage.measure import shannon_entropy

from smalti.core.errors import UsageError
from smalti.core.progress import Silent
from smalti.curation import manifest
from smalti.curation.api import curate, open_patches
from smalti.curation.learning import features as step
from smalti.curation.learning.features import COLUMNS, features_of
from smalti.curation.learning.look import Look
from smalti.curation.learning.traits import quantiles_of
from smalti.testing.labelled import labelled_patches, write_labelled

NAMES = [column.name for column in COLUMNS]


def table(patches):
    """Features (patches, features), NaN where there are none."""
    found = features_of(patches)
    return np.stack([found[name] for name in NAMES], axis=1)


def of(patch, name):
    return float(features_of([patch])[f"feature_{name}"][0])


def quiet(sigma=5.0, mean=120, side=224, seed=0):
    noise = np.random.default_rng(seed).normal(mean, sigma, (side, side))
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


ANY = st.tuples(st.integers(1, 70), st.integers(1, 70)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 255) | st.sampled_from([0, 255]))
)


@settings(max_examples=40, deadline=None)
@given(ANY)
def test_grey_levels_are_those_of_numpy_and_scikit_image(patch):
    p01, p05, p25, p50, p75, p95, p99 = np.percentile(patch, [1, 5, 25, 50, 75, 95, 99])
    wanted = [p50, *np.array([p75 - p25, p95 - p05, max(p99 - p50, p50 - p01)]) / ((p99 - p01) or np.nan)]
    found = [of(patch, name) for name in ("p50", "middle_half", "middle_ninety", "tail")]
    assert np.allclose(found, wanted, rtol=1e-6, equal_nan=True)
    assert np.isclose(of(patch, "entropy"), shannon_entropy(patch), atol=1e-5)
    assert np.isclose(of(patch, "white_share"), (patch == 255).mean())
    if patch.std() > 0:
        assert np.isclose(of(patch, "kurtosis"), kurtosis(patch.ravel()), rtol=1e-3, atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=30).filter(any),
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_quantiles_of_counts_are_those_of_the_values(counts, at):
    values = np.repeat(np.arange(len(counts)), counts)
    assert np.allclose(quantiles_of(np.array(counts), tuple(at)), np.quantile(values, at), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(ANY)
def test_a_patch_of_any_size_has_features_and_none_is_infinite(patch):
    found = table([patch])
    assert found.dtype == np.float32
    assert not np.isinf(found).any()
    assert np.isfinite(features_of([patch])["feature_entropy"]).all()


HOSTILE = {
    "constant": np.full((224, 224), 77, np.uint8),
    "black": np.zeros((224, 224), np.uint8),
    "one pixel": np.full((1, 1), 9, np.uint8),
    "a row": np.arange(200, dtype=np.uint8)[np.newaxis],
    "a column": np.arange(200, dtype=np.uint8)[:, np.newaxis],
    "three by five": np.arange(15, dtype=np.uint8).reshape(3, 5),
    "black or white": 255 * np.random.default_rng(0).integers(0, 2, (224, 224)).astype(np.uint8),
    "a board": 255 * (np.indices((224, 224)).sum(axis=0) % 2).astype(np.uint8),
    "large": np.tile(quiet(20), (9, 9)),
}


@pytest.mark.parametrize("patch", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_patch_has_features_that_do_not_depend_on_its_company(patch):
    alone = table([patch])
    assert not np.isinf(alone).any()
    together = table([quiet(), patch, HOSTILE["one pixel"], patch[::-1, ::-1][::-1, ::-1]])
    assert np.array_equal(together[[1]], alone, equal_nan=True)
    assert np.array_equal(together[[3]], alone, equal_nan=True)


def test_noise_tissue_and_streaks_differ_as_their_features_say():
    rng = np.random.default_rng(1)
    streaks = np.repeat(rng.integers(0, 256, (224, 1), dtype=np.uint8), 224, axis=1)
    cells = labelled_patches(1, 16, seed=2)
    shown = cells.pixels[cells.informative][0]
    assert of(quiet(), "blur_2") == pytest.approx(0.25, abs=0.02)
    assert of(quiet(), "structure_p50") == pytest.approx(1 / 16, abs=0.02)
    assert of(quiet(), "power_slope") == pytest.approx(0, abs=0.1)
    assert of(quiet(), "autocorrelation_4") == pytest.approx(0, abs=0.02)
    assert of(quiet(), "coarse_kurtosis") == pytest.approx(0, abs=0.3)
    assert of(shown, "structure_p50") > 0.15
    assert of(shown, "coarse_kurtosis") > 1
    assert of(shown, "coherence_2_local") > 1.5 * of(quiet(), "coherence_2_local")
    assert of(streaks, "coherence_2") == pytest.approx(1)


NOT_INVARIANT = {
    "feature_p50",
    "feature_black_share",
    "feature_white_share",
}


@pytest.mark.parametrize(
    "turned", [lambda dim: 2 * dim + 90, lambda dim: 255 - dim], ids=["more", "inverted"]
)
def test_contrast_brightness_and_inversion_change_only_features_that_tell_of_them(turned):
    dim = (labelled_patches(1, 8, seed=3).pixels[:, :96, :96] // 4).astype(np.uint8)
    found, other = table(dim), table(turned(dim))
    for i, name in enumerate(NAMES):
        far = 0.02 if "lbp" in name else 2e-3  # neighbours as bright as the centre are none of darker ones
        if name not in NOT_INVARIANT:
            assert np.allclose(found[:, i], other[:, i], rtol=2e-3, atol=far, equal_nan=True), name


def test_a_look_goes_as_deep_as_the_patch_is_large():
    assert [len(Look.of(np.zeros((n, 40), np.uint8)).levels) for n in (1, 2, 8, 224)] == [1, 2, 4, 5]


def test_columns_say_what_they_mean():
    assert 40 <= len(COLUMNS) <= 60
    assert len(set(NAMES)) == len(NAMES)
    assert not set(NAMES) & set(manifest.SCHEMA)
    assert all(c.meaning.endswith(".") and c.rollup == "none" for c in COLUMNS)


@pytest.fixture
def patches(tmp_path):
    write_labelled(labelled_patches(2, 4, side=64), tmp_path / "images")
    return made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=64)[1]


def ran(patches, **options):
    outcome = curate("features", patches.folder, progress=Silent(), **options)
    return outcome, open_patches(patches.folder)


def counted(monkeypatch):
    """How many patches were looked at, as they are."""
    seen = []

    def looking(patches):
        seen.extend(patches)
        return features_of(patches)

    monkeypatch.setattr(step, "features_of", looking)
    return seen


def test_features_are_in_the_manifest_with_what_they_mean(patches):
    outcome, now = ran(patches)
    assert outcome.total == 8
    assert not outcome.failed
    wanted = table([now.read(i) for i in range(8)])
    found = now.frame.select(NAMES).to_numpy()
    assert np.array_equal(found.astype(np.float32), wanted, equal_nan=True)
    info = manifest.info(now.folder / manifest.FILE_NAME)
    assert info.columns[-len(COLUMNS) :] == COLUMNS
    assert json.loads(info.footer["features"]) == {"version": step.VERSION}
    assert sorted(path.name for path in now.folder.iterdir()) == sorted(
        path.name for path in patches.folder.iterdir()
    )


def test_the_number_of_threads_changes_nothing(patches, monkeypatch):
    monkeypatch.setattr("smalti.curation.adding.CHUNK_BYTES", 3 * 64 * 64)
    _, one = ran(patches, workers=1)
    _, three = ran(patches, workers=3, fresh=True)
    assert one.frame.equals(three.frame)


def test_only_what_is_new_or_changed_is_looked_at_again(patches, tmp_path, monkeypatch):
    ran(patches)
    write_labelled(labelled_patches(3, 4, side=64), tmp_path / "images")
    more = tmp_path / "images" / "em00" / "patch00001.png"
    more.write_bytes((tmp_path / "images" / "em02" / "patch00008.png").read_bytes())
    made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=64)
    seen = counted(monkeypatch)
    outcome, now = ran(patches)
    assert len(seen) == 5
    assert outcome.total == 12
    wanted = table([now.read(i) for i in range(12)])
    assert np.array_equal(now.frame.select(NAMES).to_numpy().astype(np.float32), wanted, equal_nan=True)
    ran(patches)
    assert len(seen) == 5


def test_another_version_or_fresh_looks_at_all_again(patches, monkeypatch):
    _, first = ran(patches)
    seen = counted(monkeypatch)
    ran(patches, fresh=True)
    monkeypatch.setattr(step, "VERSION", step.VERSION + 1)
    _, again = ran(patches)
    assert len(seen) == 16
    assert again.frame.equals(first.frame)


def test_dropped_patches_get_features_only_when_asked(tmp_path, write_tiff):
    path = write_tiff("v.tif", tissue((6, 64, 64)), imagej=True, metadata={"axes": "ZYX"})
    _, patches = made("patch3d", path, tmp_path / "p", crop_size=32, distance=14)
    kept = patches.kept().height
    assert 0 < kept < len(patches)
    assert ran(patches)[0].total == kept
    assert ran(patches, every=True)[0].total == len(patches)


def test_a_patch_that_cannot_be_read_fails_alone(tmp_path, smalti_cli):
    write_labelled(labelled_patches(1, 4, side=64), tmp_path / "images")
    _, patches = made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=64, write="tiff")
    (patches.folder / patches.frame["file"][2]).unlink()
    done = smalti_cli("curate", "features", patches.folder)
    assert done.returncode == 1, done.stderr
    assert f"failed: {patches.frame['name'][2]}" in done.stdout
    now = open_patches(patches.folder)
    assert now.frame["feature_entropy"].is_null().to_list() == [False, False, True, False]


def test_features_stay_when_near_duplicates_are_looked_for_again(patches):
    _, now = ran(patches)
    curate("dedupe", patches.folder, progress=Silent(), distance=1)
    again = open_patches(patches.folder).frame
    assert again.select(NAMES).equals(now.frame.select(NAMES))
    assert again["decision"].is_not_null().all()


@pytest.mark.slow
def test_features_are_columns_of_the_project(patches):
    ran(patches)
    project = open_patches(patches.folder).project(metrics=["mean"], progress=Silent())
    assert project.images.select(NAMES).collect()["feature_entropy"].null_count() == 0


def test_what_is_no_set_of_patches_is_refused(tmp_path, smalti_cli):
    done = smalti_cli("curate", "features", tmp_path)
    assert done.returncode == 2
    assert "smalti curate patch2d SRC -o DST" in done.stderr
    with pytest.raises(UsageError, match="leave -o"):
        curate("features", tmp_path, tmp_path / "out", progress=Silent())
