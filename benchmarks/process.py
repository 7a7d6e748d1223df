"""smalti against PixelPatrol 0.8.0 and against decoding alone: same files, same machine, one run."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from datasets import png_folder, tiff_folder
from meter import Cost, measure

PEER = "pixel-patrol==0.8.0"
DECODE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import imagecodecs, tifffile
def png(path): return imagecodecs.png_decode(path.read_bytes()).shape
def tif(path): return tifffile.imread(path, maxworkers=1).shape
files = sorted(Path(sys.argv[1]).iterdir())
with ThreadPoolExecutor(int(sys.argv[2])) as pool:
    list(pool.map(png if files[0].suffix == ".png" else tif, files))
"""


def main() -> None:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-benchmark")
    parser.add_argument("--png", type=int, default=2000)
    parser.add_argument("--tiff", type=int, default=500)
    parser.add_argument("--no-peer", action="store_true", help="leave PixelPatrol out")
    arguments = parser.parse_args()
    sets = {
        f"{arguments.png:,} PNG u8 256²": png_folder(
            arguments.scratch / f"png-{arguments.png}", arguments.png
        ),
        f"{arguments.tiff:,} TIFF u16 1024² deflate": tiff_folder(
            arguments.scratch / f"tiff-{arguments.tiff}", arguments.tiff
        ),
    }
    peer = None if arguments.no_peer else peer_command(arguments.scratch / "peer")
    warm(arguments.scratch)
    print("| set | | wall s | CPU s | peak MB | CPU against smalti |")
    print("|---|---|---:|---:|---:|---:|")
    for name, folder in sets.items():
        rows = {"smalti": measure(smalti_command(folder, arguments.scratch / "out.smalti"))}
        rows["decode alone"] = measure([sys.executable, "-c", DECODE, folder, str(os.cpu_count())])
        if peer:
            out = arguments.scratch / "peer.parquet"
            rows[PEER] = measure([peer, "process", folder, "-o", out, "-l", "bioio"], env=peer_env())
        show(name, rows)


def show(name: str, rows: dict[str, Cost]) -> None:
    """One line a contestant, with ratios to smalti."""
    own = rows["smalti"]
    for who, cost in rows.items():
        ratio = f"{cost.cpu / own.cpu:.2f}× (wall {cost.wall / own.wall:.2f}×)"
        print(
            f"| {name} | {who} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.peak_mb:,.0f} | {ratio} |",
            flush=True,
        )


def smalti_command(folder: Path, output: Path) -> list[str | Path]:
    """A whole run of smalti on a folder."""
    return [sys.executable, "-m", "smalti.cli", "process", folder, "-o", output, "--fresh"]


def warm(scratch: Path) -> None:
    """Compile the kernels once: the cache is there in every run but a machine's first."""
    measure(smalti_command(png_folder(scratch / "png-2", 2), scratch / "warm.smalti"))


def peer_command(folder: Path) -> Path:
    """PixelPatrol in an environment of its own."""
    script = folder / "bin" / "pixel-patrol"
    if not script.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", PEER], check=True)
    return script


def peer_env() -> dict[str, str]:
    """Without our own search path, so that each uses its own libraries."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


if __name__ == "__main__":
    main()
