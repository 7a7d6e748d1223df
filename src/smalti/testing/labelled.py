"""Patches of electron micrographs that show something, or nothing, with the truth: to judge a filter by."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smalti.testing._scope import RESIN, exposed, scope
from smalti.testing._uninformative import KINDS, Kind, Stage
from smalti.testing.fields import smooth_field
from smalti.testing.tissue import micrograph

__all__ = ["Labelled", "labelled_patches", "write_labelled"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Patches with the truth.

    Parameters
    ----------
    pixels
        uint8 (patches, side, side).
    informative
        bool (patches,): whether a person would keep it to teach a network of cells.
    dataset
        The dataset of each; datasets differ in contrast, exposure, grain, focus and scale.
    """

    pixels: np.ndarray
    informative: np.ndarray
    dataset: tuple[str, ...]


def labelled_patches(datasets: int = 8, each: int = 64, seed: int = 0, side: int = 224) -> Labelled:
    """Made-up patches of several datasets, about half of them informative; 512 of 224² take some seconds.

    Informative ones show tissue: membranes, mitochondria, vesicles, also under grain, in poor contrast or
    slightly out of focus. Others show resin, slopes, lost focus, tissue under too much noise, charging, marks
    of the knife, folds, wrong exposure, padding or resin with a strip of tissue of less than 15 %, insides of
    nuclei and vessels, salt and pepper, dirt, smear and scratches.

    Parameters
    ----------
    datasets
        How many.
    each
        Patches of each.
    seed
        The same makes the same, whatever the number of datasets.
    side
        Of a patch, px; 32 or more.
    """
    pixels = np.empty((datasets * each, side, side), np.uint8)
    informative = np.zeros(len(pixels), bool)
    for number in range(datasets):
        rows = slice(number * each, (number + 1) * each)
        _fill(np.random.default_rng([seed, number]), pixels[rows], informative[rows])
    names = tuple(f"em{number:02d}" for number in range(datasets) for _ in range(each))
    return Labelled(pixels, informative, names)


def write_labelled(labelled: Labelled, folder: str | Path) -> dict[str, bool]:
    """Write patches as PNG, a folder a dataset, for ``smalti curate patch2d``; names do not tell the truth.

    Returns
    -------
    dict
        Whether each is informative, by path relative to `folder`.
    """
    import imageio.v3 as iio

    told = {}
    for number, name in enumerate(labelled.dataset):
        path = Path(name) / f"patch{number:05d}.png"
        (Path(folder) / name).mkdir(parents=True, exist_ok=True)
        iio.imwrite(Path(folder) / path, labelled.pixels[number])
        told[path.as_posix()] = bool(labelled.informative[number])
    return told


SCENES = 3
"""Large scenes of a dataset that its tissue is cut out of."""


def _fill(rng: np.random.Generator, pixels: np.ndarray, informative: np.ndarray) -> None:
    """Make the patches of one dataset."""
    side = pixels.shape[1]
    how = scope(rng)
    scenes = [micrograph(rng, (2 * side, 2 * side), spacing=how.spacing) for _ in range(SCENES)]
    stage = Stage(rng, how, side, lambda: _cut(rng, scenes, side))
    informative[:] = rng.permutation(len(pixels)) < len(pixels) * rng.uniform(0.4, 0.6)
    kinds = _shuffled(rng, len(pixels))
    for i in range(len(pixels)):
        pixels[i] = _informative(stage) if informative[i] else kinds[i](stage)


def _shuffled(rng: np.random.Generator, n: int) -> list[Kind]:
    """Kinds in an order of their own, each as often as it should be."""
    return [KINDS[k % len(KINDS)] for k in rng.permutation(max(n, len(KINDS)))[:n]]


def _cut(rng: np.random.Generator, scenes: list[np.ndarray], side: int) -> np.ndarray:
    """A part of a scene, turned and flipped."""
    scene = scenes[int(rng.integers(len(scenes)))]
    y, x = rng.integers(0, scene.shape[0] - side + 1, 2)
    part = np.rot90(scene[y : y + side, x : x + side], int(rng.integers(4)))
    return np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)


def _informative(stage: Stage) -> np.ndarray:
    """Tissue, whole or beside resin, more or less well shown."""
    rng, light = stage.rng, stage.tissue()
    if rng.random() < 0.2:
        light = _beside_resin(stage, light)
    gain = rng.uniform(0.5, 1.1)
    noise = stage.how.noise * rng.uniform(0.8, 1.3) * min(1.0, gain + 0.3)
    return exposed(rng, light, stage.how, gain=gain, noise=noise, shift=rng.normal(0, 12))


def _beside_resin(stage: Stage, light: np.ndarray) -> np.ndarray:
    """With resin on up to half of it."""
    field = smooth_field(stage.rng, stage.shape, stage.side / 4)
    edge = np.quantile(field, stage.rng.uniform(0.1, 0.45))
    inside = 0.5 + 0.5 * np.tanh((field - edge) * 12)
    return np.asarray(RESIN + 0.05 + inside * (light - RESIN - 0.05), np.float32)
