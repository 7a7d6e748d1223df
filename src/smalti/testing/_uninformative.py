"""Patches that teach a network of cells nothing: bare resin, lost focus, artefacts, padding."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from smalti.testing._scope import RESIN, Scope, exposed, softened
from smalti.testing.fields import Blob, Shape, fibre_field, smooth_field, soft_blob

__all__ = ["KINDS", "Kind", "Stage"]


@dataclass(frozen=True, slots=True)
class Stage:
    """What a dataset's patches are made with: its randomness, microscope and side, and tissue at hand."""

    rng: np.random.Generator
    how: Scope
    side: int
    tissue: Callable[[], np.ndarray]
    """Gives light of tissue, float32 (side, side), another each time."""

    @property
    def shape(self) -> Shape:
        """Of a patch."""
        return self.side, self.side


Kind = Callable[[Stage], np.ndarray]
"""Makes one patch, uint8 (side, side)."""


def resin(stage: Stage) -> np.ndarray:
    """Bare resin under noise of any strength."""
    light = RESIN + _cloud(stage, 0.02)
    return exposed(stage.rng, light, stage.how, noise=_noise(stage))


def slope(stage: Stage) -> np.ndarray:
    """Uneven light over nothing."""
    y, x = np.mgrid[-1 : 1 : stage.side * 1j, -1 : 1 : stage.side * 1j]
    angle = stage.rng.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * x + np.sin(angle) * y + stage.rng.uniform(-1, 1) * (x * x + y * y)
    light = RESIN + stage.rng.uniform(0.05, 0.3) * ramp.astype(np.float32)
    return exposed(stage.rng, light, stage.how)


def unfocused(stage: Stage) -> np.ndarray:
    """Tissue so far out of focus that nothing can be told."""
    sigma = max(6.0, 0.17 * stage.how.spacing) * stage.rng.uniform(1.0, 1.8)
    return exposed(stage.rng, softened(stage.tissue(), sigma), stage.how)


def drowned(stage: Stage) -> np.ndarray:
    """Tissue that noise drowns."""
    gain = stage.rng.uniform(0.02, 0.05)
    noise = 0.42 * gain * stage.how.contrast * stage.rng.uniform(4, 9)
    return exposed(stage.rng, stage.tissue(), stage.how, gain=gain, noise=noise)


def charging(stage: Stage) -> np.ndarray:
    """Streaks of charge along the lines of the scan."""
    rows = np.zeros((stage.side, 1), np.float32)
    for _ in range(int(stage.rng.integers(2, 12))):
        at, wide = stage.rng.uniform(0, stage.side), stage.rng.uniform(0.6, 6)
        rows[:, 0] += stage.rng.normal(0, 0.25) * np.exp(
            -(((np.arange(stage.side) - at) / wide) ** 2)
        ).astype(np.float32)
    fading = 1 + 0.5 * _cloud(stage, 1.0)
    return exposed(stage.rng, RESIN + rows * fading, stage.how)


def knife(stage: Stage) -> np.ndarray:
    """Marks of a knife across resin, or chatter."""
    light = np.full(stage.shape, RESIN, np.float32)
    angle = stage.rng.uniform(0, np.pi)
    across = _across(stage, angle)
    if stage.rng.random() < 0.4:
        period = stage.rng.uniform(12, 60)
        light += stage.rng.uniform(0.05, 0.15) * np.sin(2 * np.pi * across / period)
    for _ in range(int(stage.rng.integers(1, 6))):
        at, wide = stage.rng.uniform(-0.5, 0.5) * stage.side, stage.rng.uniform(0.8, 4)
        light += stage.rng.choice([-0.35, 0.25]) * np.exp(-(((across - at) / wide) ** 2))
    return exposed(stage.rng, light, stage.how)


def fold(stage: Stage) -> np.ndarray:
    """A fold or crack through resin, with soft edges."""
    wave = 9 * smooth_field(stage.rng, stage.shape, 30)
    across = _across(stage, stage.rng.uniform(0, np.pi)) + wave
    wide = stage.rng.uniform(8, 30)
    inside = 0.5 - 0.5 * np.tanh((np.abs(across) - wide) / stage.rng.uniform(2, 6))
    tone = stage.rng.choice([-0.4, -0.25, 0.25])
    light = RESIN + tone * inside * (1 + 0.15 * smooth_field(stage.rng, stage.shape, 8))
    return exposed(stage.rng, light, stage.how)


def clipped(stage: Stage) -> np.ndarray:
    """Tissue exposed so wrongly that nearly all is black, or white."""
    grey = exposed(stage.rng, stage.tissue(), stage.how).astype(np.float32)
    if stage.rng.random() < 0.5:
        grey += 255 - np.quantile(grey, stage.rng.uniform(0.005, 0.06))
    else:
        grey -= np.quantile(grey, stage.rng.uniform(0.94, 0.995))
    return _bytes(grey)


def padding(stage: Stage) -> np.ndarray:
    """One value, with a strip of tissue at an edge, or none."""
    value = int(stage.rng.choice([0, 0, 255, int(stage.rng.integers(60, 200))]))
    made = np.full(stage.shape, value, np.uint8)
    strip = int(stage.side * max(0.0, stage.rng.uniform(-0.03, 0.13)))
    made[:strip] = exposed(stage.rng, stage.tissue(), stage.how)[:strip]
    return np.ascontiguousarray(np.rot90(made, int(stage.rng.integers(4))))


def corner(stage: Stage) -> np.ndarray:
    """Resin that tissue only just reaches into."""
    across = _across(stage, stage.rng.uniform(0, 2 * np.pi)) + 6 * smooth_field(stage.rng, stage.shape, 20)
    edge = np.quantile(across, 1 - stage.rng.uniform(0.03, 0.12))
    inside = 0.5 + 0.5 * np.tanh((across - edge) / 2)
    light = RESIN + 0.05 + inside * (stage.tissue() - RESIN - 0.05)
    return exposed(stage.rng, light, stage.how)


def nucleus(stage: Stage) -> np.ndarray:
    """Inside a nucleus or a cell body: soft lumps without membranes."""
    lumps = smooth_field(stage.rng, stage.shape, stage.rng.uniform(5, 14))
    fine = smooth_field(stage.rng, stage.shape, stage.rng.uniform(1.5, 3))
    light = RESIN - 0.1 + stage.rng.uniform(0.02, 0.06) * lumps + stage.rng.uniform(0.005, 0.02) * fine
    return exposed(stage.rng, light, stage.how)


def vessel(stage: Stage) -> np.ndarray:
    """The lumen of a vessel, its wall at most at an edge."""
    radius = stage.side * stage.rng.uniform(0.75, 1.1)
    y, x = stage.side * (0.5 + stage.rng.uniform(-0.22, 0.22, 2))
    window, mask, _, _ = soft_blob(Blob(y, x, radius, radius, edge=2.0), stage.shape)
    light = np.full(stage.shape, RESIN - 0.3, np.float32)
    light[window] += 0.38 * mask
    return exposed(stage.rng, light + _cloud(stage, 0.015), stage.how)


def salted(stage: Stage) -> np.ndarray:
    """Pixels that are black or white at random, over nothing."""
    made = exposed(stage.rng, RESIN + _cloud(stage, 0.03), stage.how)
    dots = stage.rng.random(stage.shape)
    share = np.exp(stage.rng.uniform(np.log(0.003), np.log(0.25)))
    made[dots < share / 2] = 0
    made[dots > 1 - share / 2] = 255
    return made


def dirt(stage: Stage) -> np.ndarray:
    """Grains of stain or dust on resin."""
    light = RESIN + _cloud(stage, 0.02)
    for _ in range(int(stage.rng.integers(1, 14))):
        y, x = stage.rng.uniform(0, stage.side, 2)
        a = np.exp(stage.rng.uniform(np.log(2), np.log(16)))
        lobes = (stage.rng.normal(0, 0.12), stage.rng.normal(0, 0.1))
        blob = Blob(y, x, a, a * stage.rng.uniform(0.6, 1), stage.rng.uniform(0, np.pi), lobes, edge=1.5)
        window, mask, _, _ = soft_blob(blob, stage.shape)
        light[window] -= stage.rng.uniform(0.2, 0.6) * mask
    return exposed(stage.rng, light, stage.how)


def smeared(stage: Stage) -> np.ndarray:
    """Tissue dragged along by a stage that moved: stripes only."""
    length = int(stage.side * stage.rng.uniform(0.35, 0.7))
    axis = int(stage.rng.integers(2))
    light = ndimage.uniform_filter1d(stage.tissue(), length, axis=axis, mode="reflect")
    return exposed(stage.rng, light, stage.how)


def brushed(stage: Stage) -> np.ndarray:
    """Fine scratches all over a bare support."""
    scratches = fibre_field(stage.rng, stage.shape, stage.rng.uniform(0, np.pi), 40, stage.rng.uniform(1, 3))
    return exposed(stage.rng, RESIN + stage.rng.uniform(0.02, 0.08) * scratches, stage.how)


KINDS: tuple[Kind, ...] = (
    resin,
    resin,
    slope,
    unfocused,
    unfocused,
    drowned,
    charging,
    knife,
    fold,
    clipped,
    padding,
    padding,
    corner,
    nucleus,
    nucleus,
    vessel,
    salted,
    dirt,
    smeared,
    brushed,
)
"""All kinds; those named twice are twice as frequent."""


def _cloud(stage: Stage, height: float) -> np.ndarray:
    return np.float32(height) * smooth_field(stage.rng, stage.shape, stage.rng.uniform(20, 60))


def _noise(stage: Stage) -> float:
    return float(np.exp(stage.rng.uniform(np.log(0.8), np.log(60))))


def _across(stage: Stage, angle: float) -> np.ndarray:
    """Distance from a line through the middle, px."""
    middle = (stage.side - 1) / 2
    y, x = np.mgrid[: stage.side, : stage.side].astype(np.float32) - np.float32(middle)
    across: np.ndarray = np.float32(np.cos(angle)) * y - np.float32(np.sin(angle)) * x
    return across


def _bytes(grey: np.ndarray) -> np.ndarray:
    made: np.ndarray = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return made
