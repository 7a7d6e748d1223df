"""Each defect moves the metric that names it, level by level, and no other metric without a reason."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import spearmanr

from smalti.testing.defects import DEFECTS, apply_defect
from smalti.testing.synthetic import synthetic

pytestmark = pytest.mark.slow

NAMES = {
    "blur": ("vollath_f4", -1),
    "noise": ("noise_sigma", +1),
    "saturation": ("saturated_high", +1),
    "vignetting": ("vignetting", -1),
    "stripes": ("stripe_score_rows", +1),
    "jpeg": ("blockiness", +1),
    "empty": ("std", -1),
    "tilt": ("illumination_tilt", +1),
    "haze": ("michelson", -1),
    "underexposure": ("dynamic_range_db", -1),
    "dead_lines": ("dead_rows", +1),
    "hot_pixels": ("hot_pixels", +1),
    "border": ("black_border", +1),
    "comb": ("level_gap_fraction", +1),
}
"""By defect: the metric that names it, and whether it rises or falls."""

LIGHT = "in units of intensity or their square: grows and shrinks with the light"
FINEST = "whatever the finest scale holds is noise to it: what smooths lowers it, what roughens lifts it"
OWN_NOISE = "an empty image has the noise of its level only"
HIDDEN = "lines and borders hide what they cover, and their edges are strong"
SPREAD = "any change of the spread of intensities, or of their ends, is what it measures"
OFFSET = "a share of all light, the offset and the veil included"
LEVELS = "pixels at 0 or at the ceiling stand far from all others, and a gain pulls the levels apart"
CUT = "strong noise is cut off at black and white, which takes contrast"

EXCEPTIONS = {
    "vollath_f4": {
        LIGHT: {"saturation", "vignetting", "tilt", "haze", "underexposure"},
        HIDDEN: {"dead_lines", "border"},
        CUT: {"noise"},
    },
    "noise_sigma": {
        LIGHT: {"saturation", "vignetting", "tilt", "haze", "underexposure"},
        FINEST: {"blur", "jpeg", "hot_pixels", "comb"},
        HIDDEN: {"border"},
        OWN_NOISE: {"empty"},
    },
    "vignetting": {
        OFFSET: {"haze", "underexposure", "saturation", "empty"},
        HIDDEN: {"dead_lines", "border"},
    },
    "illumination_tilt": {
        OFFSET: {"haze", "underexposure", "saturation", "empty"},
        HIDDEN: {"dead_lines", "border"},
    },
    "stripe_score_rows": {"a dead line is the strongest of stripes": {"dead_lines"}},
    "blockiness": {HIDDEN: {"dead_lines", "border"}},
    "std": {
        SPREAD: {"blur", "noise", "saturation", "stripes", "haze", "underexposure", "hot_pixels"},
        LIGHT: {"vignetting", "tilt"},
        HIDDEN: {"dead_lines", "border"},
    },
    "michelson": {
        SPREAD: {"blur", "noise", "saturation", "stripes", "empty", "underexposure"},
        LIGHT: {"vignetting", "tilt"},
        HIDDEN: {"dead_lines", "border"},
    },
    "dynamic_range_db": {
        SPREAD: {"saturation", "dead_lines", "border"},
        FINEST: {"blur", "noise", "jpeg", "hot_pixels", "comb"},
    },
    "level_gap_fraction": {LEVELS: {"saturation", "dead_lines", "border"}},
}
"""By metric: which other defects it follows, and why that is right."""

FEW = "a few objects in the dark: where they lie outweighs the shape of the light"
NOT_JUDGED = {("tilt", "stars"): FEW, ("tilt", "cells 0"): FEW, ("vignetting", "cells 0"): FEW}
"""Pairs of defect and scene that say nothing."""

ZERO = {
    "saturated_high", "stripe_score_rows", "illumination_tilt", "dead_rows", "hot_pixels", "black_border",
    "level_gap_fraction",
}  # fmt: skip
"""Metrics that are 0 on a perfect image: a change is judged against their largest value under their own
defect. All others are judged against the clean image."""

SCENES = (
    ("nuclei", "uint16"),
    ("nuclei", "float32"),
    ("cells 0", "float32"),
    ("cells 1", "uint8"),
    ("micrograph", "uint8"),
    ("stars", "uint16"),
    ("histology", "uint8"),
    ("histology", "float32"),
)
"""Scene, with the channel where there are two, and dtype."""

SEEDS = 3


def drawn(scene: str, dtype: str, seed: int) -> np.ndarray:
    name, _, channel = scene.partition(" ")
    image = synthetic(name, seed, dtype=dtype)
    return image[int(channel)] if channel else image


@pytest.fixture(scope="module")
def curves(measure):
    """Values at the clean image and five levels, medians over seeds; by metric, defect, scene and dtype."""
    metrics = [metric for metric, _ in NAMES.values()]
    rows = np.full((len(SCENES), SEEDS, len(DEFECTS), 6, len(metrics)), np.nan)
    for (i, (scene, dtype)), seed in product(enumerate(SCENES), range(SEEDS)):
        image = drawn(scene, dtype, seed)
        for j, defect in enumerate(DEFECTS.values()):
            levels = [defect.level_for(image, level) for level in defect.levels]
            images = [image, *(apply_defect(defect.name, image, level, seed) for level in levels)]
            found = [measure(one, "RGB" if one.ndim == 3 else "") for one in images]
            rows[i, seed, j] = [[row[metric] for metric in metrics] for row in found]
    medians = np.median(rows, axis=1)
    return {
        (metric, defect): {SCENES[i]: medians[i, j, :, k] for i in range(len(SCENES))}
        for (j, defect), (k, metric) in product(enumerate(DEFECTS), enumerate(metrics))
    }


def spearman(curve: np.ndarray) -> float:
    """Rank correlation with the level; 0 for a constant."""
    return float(spearmanr(range(curve.size), curve).statistic) if np.ptp(curve) else 0.0


def test_every_defect_is_named_by_a_metric():
    assert NAMES.keys() == DEFECTS.keys()


@pytest.mark.parametrize("defect", NAMES)
def test_the_metric_that_names_a_defect_moves_with_each_level(curves, defect):
    metric, direction = NAMES[defect]
    scenes = [key for key in SCENES if (defect, key[0]) not in NOT_JUDGED]
    judged = {key: curve for key in scenes if not np.isnan(curve := curves[metric, defect][key]).all()}
    assert len(judged) >= 5
    for scene, curve in judged.items():
        assert direction * spearman(curve) >= 0.95, (scene, curve)


@pytest.mark.parametrize("metric", [metric for metric, _ in NAMES.values()])
def test_a_metric_follows_no_other_defect_without_a_reason(curves, metric):
    followed = {defect for defect in NAMES if NAMES[defect][0] != metric and follows(curves, metric, defect)}
    assert followed == set().union(*EXCEPTIONS.get(metric, {}).values())


def follows(curves, metric: str, defect: str) -> bool:
    """Whether in most scenes the metric changes by 5 % or more, and by rank with the level."""
    own = next(defect for defect, (named, _) in NAMES.items() if named == metric)
    ranks, changes = [], []
    for scene, curve in curves[metric, defect].items():
        known = curve[np.isfinite(curve)]
        if known.size > 2 and np.isfinite(curve[0]):
            scale = curves[metric, own][scene].max() if metric in ZERO else abs(curve[0])
            ranks.append(abs(spearman(known)))
            changes.append(np.ptp(known) / scale)
    return bool(ranks) and np.median(ranks) >= 0.5 and np.median(changes) >= 0.05
