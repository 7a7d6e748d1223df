"""Who is measured on the same files: smalti, PixelPatrol in an environment of its own, and decoding alone."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from environments import installed, variables
from meter import Cost, measure, median

__all__ = ["PEER", "Contestants"]

PEER = "pixel-patrol==0.8.0"
Command = list[str | Path]
_DECODE = Path(__file__).with_name("decode.py")


@dataclass(frozen=True, slots=True)
class Contestants:
    """How each is run.

    Parameters
    ----------
    scratch
        Folder for outputs and for PixelPatrol's environment.
    repeats
        Runs of smalti and of decoding, of which the median counts; PixelPatrol, which takes minutes, runs
        once.
    with_peer
        Whether PixelPatrol runs.
    """

    scratch: Path
    repeats: int = 3
    with_peer: bool = True

    def smalti(self, folder: Path) -> Cost:
        """A whole run of smalti on a folder, by its command."""
        output = self.scratch / "out.smalti"
        command: Command = [sys.executable, "-m", "smalti.cli", "process", folder, "-o", output, "--fresh"]
        return median(lambda watched: measure(command, watched=watched), self.repeats)

    def decode(self, folder: Path) -> Cost:
        """Decoding alone, a thread a core."""
        command: Command = [sys.executable, _DECODE, folder, str(os.cpu_count())]
        return median(lambda watched: measure(command, watched=watched), self.repeats)

    def peer(self, folder: Path, loader: str = "bioio") -> Cost | None:
        """A whole run of PixelPatrol; None when it is left out."""
        if not self.with_peer:
            return None
        output = self.scratch / "peer.parquet"
        program = installed(self.scratch / "peer", [PEER]) / "pixel-patrol"
        command: Command = [program, "process", folder, "-o", output, "-l", loader]
        return median(lambda watched: measure(command, variables(), watched), 1)
