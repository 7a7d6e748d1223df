"""What the kernels must give, written in plain NumPy: slow, and easy to see that it is right."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
NOISE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
LUMA = np.array([0.299, 0.587, 0.114])


def colours(plane: np.ndarray, samples: str = "") -> np.ndarray:
    """Colour samples, (Y, X) or (Y, X, S), with more digits than float64 where the machine has them."""
    values = np.abs(plane) if plane.dtype.kind == "c" else plane
    keep = [i for i, letter in enumerate(samples) if letter != "A"]
    if keep:
        values = values[..., keep]
    values = values.astype(np.longdouble)
    return values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values


def luma(plane: np.ndarray, samples: str = "") -> np.ndarray:
    """Luma, (Y, X)."""
    values = colours(plane, samples)
    if values.ndim == 2:
        return values
    return values @ LUMA if samples.startswith("RGB") else values.mean(axis=2)


def moments(plane: np.ndarray, samples: str = "") -> dict[str, Any]:
    values = colours(plane, samples).ravel()
    finite = values[np.isfinite(values)]
    found = {
        "n": values.size,
        "n_finite": finite.size,
        "n_nan": np.isnan(values).sum(),
        "n_inf": np.isinf(values).sum(),
        "n_zero": (finite == 0).sum(),
    }
    if not finite.size:
        return found | dict.fromkeys(("min", "max", "mean", "m2", "m3", "m4"), np.nan)
    away = finite - finite[0]  # first, so that no digits are lost on a large offset
    away -= away.mean()
    central = {f"m{k}": (away**k).mean() for k in (2, 3, 4)}
    return found | {"min": finite.min(), "max": finite.max(), "mean": finite.mean()} | central


def stencil(plane: np.ndarray, samples: str = "") -> dict[str, Any]:
    light = luma(plane, samples)
    finite = light[np.isfinite(light)]
    first = finite[0] if finite.size else np.longdouble(np.nan)
    away = light - first
    mean = _finite_mean(away)
    threes = _windows(away - mean, (1, 3))[:, 0]
    nines = _windows(away - mean, (3, 3))
    found: dict[str, Any] = {"n_triples": len(threes), "n_windows": len(nines)}
    found |= {"mean": first + mean, "variance": _var(finite - first)}
    a, b, c = threes.T
    found |= {"brenner": _mean((c - a) ** 2), "vollath_f4": _mean(a * b) - _mean(a * c)}
    gx, gy = (nines * SOBEL).sum((1, 2)), (nines * SOBEL.T).sum((1, 2))
    local, std = nines.mean((1, 2)), nines.std((1, 2))
    floor = _floor(plane, samples)
    mscn = (nines[:, 1, 1] - local) / (std + floor)
    return found | {
        "laplacian_variance": _var((nines * LAPLACE).sum((1, 2))),
        "gradient_energy": _mean(gx**2 + gy**2),
        "noise_response": _mean(np.abs((nines * NOISE).sum((1, 2)))),
        "range_mean": _mean(nines.max((1, 2)) - nines.min((1, 2))),
        "std_mean": _mean(std),
        "std_std": np.sqrt(_var(std)),
        "mscn_variance": _var(mscn),
        "n_hot": (nines[:, 1, 1] - local > np.maximum(2.75 * std, 8 * floor)).sum(),
    }


def profiles(plane: np.ndarray, samples: str = "") -> dict[str, Any]:
    light = luma(plane, samples)
    return {
        "row_mean": np.array([_finite_mean(row) for row in light]),
        "column_mean": np.array([_finite_mean(column) for column in light.T]),
        "jump_x": _jumps(light.T),
        "jump_y": _jumps(light),
        "bend_x": _mean(_windows(light, (1, 3))[:, 0] @ [1, -2, 1], power=2),
        "bend_y": _mean(_windows(light, (3, 3))[:, :, 1] @ [1, -2, 1], power=2),
        "row_constant": np.array([_constant(row) for row in light]),
        "column_constant": np.array([_constant(column) for column in light.T]),
    }


def spectrum(plane: np.ndarray, samples: str = "") -> dict[str, Any]:
    """Rings of the whole spectrum, of the middle 256² pixels."""
    light = luma(plane, samples)
    top, left = (size // 2 - min(size, 256) // 2 for size in light.shape)
    crop = light[top : top + 256, left : left + 256]
    finite = np.isfinite(crop)
    if 2 * finite.sum() < crop.size or not crop.size:
        return dict.fromkeys(("frequency", "power", "count"), np.empty(0))
    crop = np.where(finite, crop, crop[finite][0]) - crop[finite][0]  # first, to keep digits on an offset
    crop = np.where(finite, crop, crop[finite].mean()).astype(float)
    window = np.hanning(crop.shape[0] + 2)[1:-1, None] * np.hanning(crop.shape[1] + 2)[1:-1]
    power = np.abs(np.fft.fft2((crop - crop.mean()) * window)) ** 2 / (window**2).sum()
    frequency = np.hypot(np.fft.fftfreq(crop.shape[0])[:, None], np.fft.fftfreq(crop.shape[1]))
    shorter = min(crop.shape)
    rings = [np.rint(frequency * shorter) == k for k in range(1, shorter // 2 + 1)]
    return {
        "frequency": np.array([frequency[ring].mean() for ring in rings]),
        "power": np.array([power[ring].mean() for ring in rings]),
        "count": np.array([ring.sum() for ring in rings]),
    }


def cells(plane: np.ndarray, samples: str = "") -> dict[str, Any]:
    light = luma(plane, samples)
    n_rows, n_columns = (min(size, 64) for size in light.shape)
    whole = [[part.T for part in _split(row.T, n_columns)] for row in _split(light, n_rows)]
    parts = [[part[np.isfinite(part)] for part in row] for row in whole]
    mixed = [[_mixed(part) for part in row] for row in whole]
    return {
        "height": len(light),
        "width": len(light.T),
        "count": np.array([[part.size for part in row] for row in parts]),
        "mean": np.array([[part.mean() if part.size else np.nan for part in row] for row in parts]),
        "n_blocks": np.array([[part.size for part in row] for row in mixed]),
        "noise": np.array([[_mean(part, power=2) for part in row] for row in mixed]),
    }


def _mixed(cell: np.ndarray) -> np.ndarray:
    """Half of a − b − c + d of the finite blocks [a b; c d], side by side from the first pixel on."""
    height, width = (size // 2 * 2 for size in cell.shape)
    a, b, c, d = (cell[i:height:2, j:width:2] for i in (0, 1) for j in (0, 1))
    with np.errstate(invalid="ignore"):
        mixed = (a - b - c + d) / 2
    return mixed[np.isfinite(mixed)]


def colour(plane: np.ndarray, samples: str = "") -> dict[str, Any]:
    pixels = colours(plane, samples).reshape(-1, 3)
    red, green, blue = pixels[np.isfinite(pixels).all(axis=1)].T
    rg, yb = red - green, (red + green) / 2 - blue
    return {
        "n": red.size,
        "mean": np.array([red.mean(), green.mean(), blue.mean()]),
        "rg_mean": rg.mean(),
        "rg_std": rg.std(),
        "yb_mean": yb.mean(),
        "yb_std": yb.std(),
    }


def reduced(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Averages over equal areas, of finite pixels."""
    down, across = (_shares(m, n) for m, n in zip((height, width), pixels.shape, strict=True))
    ok = np.isfinite(pixels)
    with np.errstate(invalid="ignore"):
        return (down @ np.where(ok, pixels, 0) @ across.T) / (down @ ok @ across.T)


def _shares(m: int, n: int) -> np.ndarray:
    """Cut n pixels into m parts each; part f belongs to pixel f // m, and to average f // n."""
    shares = np.zeros((m, n))
    parts = np.arange(m * n)
    np.add.at(shares, (parts // n, parts // m), 1)
    return shares


def _floor(plane: np.ndarray, samples: str) -> float:
    if plane.dtype.kind not in "fc":
        return 1.0
    values = colours(plane, samples)
    finite = values[np.isfinite(values)]
    return float(np.ptp(finite)) / 255 or 1.0 if finite.size else 1.0


def _windows(light: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """All windows (n, *shape) without NaN or Inf; none when the plane is smaller."""
    if light.shape[0] < shape[0] or light.shape[1] < shape[1]:
        return np.empty((0, *shape))
    windows = sliding_window_view(light, shape).reshape(-1, *shape)
    return windows[np.isfinite(windows).all((1, 2))]


def _jumps(light: np.ndarray) -> np.ndarray:
    """Mean absolute step between rows, by the lower row's index modulo 8."""
    with np.errstate(invalid="ignore"):
        steps = np.abs(np.diff(light, axis=0))
    return np.array([_finite_mean(steps[(phase - 1) % 8 :: 8]) for phase in range(8)])


def _split(light: np.ndarray, n: int) -> list[np.ndarray]:
    return [light[i * len(light) // n : (i + 1) * len(light) // n] for i in range(n)]


def _constant(line: np.ndarray) -> bool:
    return np.unique(line[np.isfinite(line)]).size == 1


def _finite_mean(values: np.ndarray) -> float:
    return _mean(values[np.isfinite(values)])


def _mean(values: np.ndarray, power: int = 1) -> float:
    return (values**power).mean() if values.size else np.nan


def _var(values: np.ndarray) -> float:
    return values.var() if values.size else np.nan
