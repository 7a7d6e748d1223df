"""Sets of patches with labels, for tests of what learns from them."""

import json

import numpy as np

import smalti
from smalti.core.progress import Silent
from smalti.curation.api import curate, open_patches
from smalti.table.flags import FlagLog
from smalti.testing.labelled import labelled_patches, write_labelled


def labelled_set(folder, datasets=4, each=16, side=48, seed=0, decide=True):
    """A set in ``folder / "set"``, and whether each of its patches is informative."""
    truth = write_labelled(labelled_patches(datasets, each, seed, side), folder / "images")
    patches = smalti.patch2d(folder / "images", folder / "set", crop_size=side, progress=Silent())
    good = np.array([truth[path] for path in patches.frame["source_path"]])
    if decide:
        decided(patches, good)
    return patches, good


def decided(patches, good, rows=slice(None), who="ada"):
    """Write labels of some rows into the log of a set."""
    ids, log = patches.frame["patch_id"].to_numpy()[rows], FlagLog(patches.folder / "flags.jsonl")
    log.decide(ids[good[rows]].tolist(), "keep", who=who)
    log.decide(ids[~good[rows]].tolist(), "reject", who=who)


def done(step, sources, out="", **options):
    """What a step did."""
    given = sources if isinstance(sources, list) else [sources]
    return curate(step, given, out, progress=Silent(), **options)


def facts(model):
    return json.loads((model / "model.json").read_text(encoding="utf-8"))


def again(patches):
    """A set as it is on the disk now."""
    return open_patches(patches.folder)
