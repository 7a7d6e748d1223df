"""Made-up volumes for tests, and what a set of patches should hold."""

import numpy as np
from scipy.ndimage import gaussian_filter

from smalti.core.progress import Silent
from smalti.curation.api import curate
from smalti.curation.patchset import PatchSet


def tissue(shape, seed=0, dtype=np.uint8):
    """A volume with structure at the scale of a few pixels."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 3, mode="wrap")
    scaled = (noise - noise.min()) / np.ptp(noise)
    return (255 * scaled).astype(dtype)


def made(step, sources, out, **options):
    """What a step did, and the set it made."""
    given = sources if isinstance(sources, list) else [sources]
    outcome = curate(step, given, out, progress=Silent(), **options)
    patches = PatchSet.open(out)
    assert len(patches) == patches.frame.height  # as it is now, whatever is done to its folder later
    return outcome, patches


def assert_cut_from(patches, volume, rows=None):
    """Every patch shows what the volume has in its box; says how often each voxel is in a patch, by axis."""
    seen = np.zeros((3, *volume.shape), int)
    for i, row in enumerate(patches.frame.iter_rows(named=True)):
        turned = np.moveaxis(volume, row["axis"], 0)
        box = slice(row["y0"], row["y1"]), slice(row["x0"], row["x1"])
        wanted = turned[row["slice"]][box]
        pixels = patches.read(i)
        assert np.array_equal(pixels[: wanted.shape[0], : wanted.shape[1]], wanted)
        np.moveaxis(seen[row["axis"]], row["axis"], 0)[row["slice"]][box] += 1
    return seen
