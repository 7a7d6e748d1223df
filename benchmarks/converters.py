"""Who converts the same images into Zarr: smalti, and images_to_zarr in an environment of its own."""

import json
import os
import shutil
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from datasets import colour_images
from environments import installed, variables
from meter import Cost, measure, median

__all__ = ["ADDED", "PEER", "Converters", "Made", "made"]

PEER = "images-to-zarr==0.3.5"
ADDED = 100
"""Images of one append."""
RUNS = 7
"""Appends of which the median counts, after one that warms up."""

Command = list[str | Path]
_APPENDS = Path(__file__).with_name("appends.py")


@dataclass(frozen=True, slots=True)
class Made:
    """What writing some images cost, and what lay on the disk then: the store and what is beside it.

    `amount` is how much was written, counted in `unit` a second: images, or MB of pixels.
    """

    cost: Cost
    amount: float
    files: int
    n_bytes: int
    unit: str = ""

    @property
    def rate(self) -> float:
        """So much a second."""
        return self.amount / self.cost.wall


@dataclass(frozen=True, slots=True)
class Program:
    """One of the two: where it is installed, and the variables that it runs with."""

    folder: Path
    module: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Converters:
    """How each is run.

    Parameters
    ----------
    scratch
        Folder for images, for stores and for the environment of images_to_zarr.
    repeats
        Runs of each command, of which the median counts.
    with_peer
        Whether images_to_zarr runs.
    """

    scratch: Path
    repeats: int = 3
    with_peer: bool = True

    def smalti(self, folder: Path) -> Made:
        """A whole run of smalti on a folder, by its command."""
        own = self._own
        return self._converted(own, [own.folder / "python", "-m", "smalti.cli"], folder, "images.zarr")

    def peer(self, folder: Path) -> Made | None:
        """A whole run of images_to_zarr, as it is but for a worker a core; None when it is left out."""
        if not self.with_peer:
            return None
        workers = ["--workers", str(os.cpu_count())]
        peer = self._peer
        return self._converted(peer, [peer.folder / "images_to_zarr"], folder, "", *workers)

    def smalti_appends(self, lots: int, lot: int) -> Made:
        """One append by smalti, to so many lots of so many images."""
        return self._appended(self._own, lots, lot)

    def peer_appends(self, lots: int, lot: int) -> Made | None:
        """One append by images_to_zarr; None when it is left out."""
        return self._appended(self._peer, lots, lot) if self.with_peer else None

    @property
    def _own(self) -> Program:
        return Program(Path(sys.executable).parent, "smalti", os.environ)

    @property
    def _peer(self) -> Program:
        folder = installed(self.scratch / "images-to-zarr", [PEER, "pyarrow"])
        return Program(folder, "images_to_zarr", variables())

    def _converted(self, who: Program, command: Command, folder: Path, store: str, *options: str) -> Made:
        out = self.scratch / f"converted.{who.module}"

        def run(watched: bool) -> Cost:
            shutil.rmtree(out, ignore_errors=True)
            whole = [*command, "convert", folder, "--out", out / store, *options]
            return measure(whole, who.variables, watched)

        cost = median(run, self.repeats)
        return made(cost, sum(1 for _ in folder.iterdir()), out)

    def _appended(self, who: Program, lots: int, lot: int) -> Made:
        """A store of so many lots, made by one process; what one append costs in the next."""
        out = self.scratch / f"appended.{who.module}"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        report = self.scratch / "appends.json"
        script: Command = [who.folder / "python", _APPENDS, who.module, self._images(), out / "images.zarr"]
        measure([*script, str(lot // ADDED), str(lots), report], who.variables, False)
        os.sync()  # else the disk would still be busy with what was just made
        measure([*script, "1", str(1 + RUNS), report], who.variables, False)
        walls, cpus = zip(*json.loads(report.read_text())[1:], strict=True)
        whole = measure([*script, "1", "2", report], who.variables)
        cost = replace(whole, wall=statistics.median(walls), cpu=statistics.median(cpus))
        return made(cost, ADDED, out)

    def _images(self) -> Path:
        """The images of one append (images, channels, height, width), as a file that both read."""
        path = self.scratch / "added.npy"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, np.stack([*colour_images(ADDED)]).transpose(0, 3, 1, 2))
        return path


def made(cost: Cost, n: int, out: Path) -> Made:
    """What it cost, and how large it was; it is taken away."""
    sizes = [path.stat().st_size for path in out.rglob("*") if path.is_file()]
    shutil.rmtree(out)
    return Made(cost, n, len(sizes), sum(sizes))
