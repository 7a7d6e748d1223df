"""The table of curation: smalti against the published way (`published*.py`); same data, machine and run.

``python benchmarks/curation.py --write`` writes it into CURATION.md, between its two marks.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from asked import Asked, Sizes, at_least, at_most, claims
from curation_line import Line, timed
from filter_rows import featured, filtered
from kills import TESTS, killed
from meter import measure
from published import hashed, leaders
from speed_table import head, machine, printed, put_between, row

from smalti.kernels.hashing import difference_hash, leader_clusters, spread

RESULTS = Path(__file__).with_name("CURATION.md")
HEAD = ("job", "by", "wall", "asked", "found", "met")
DISTANCE = 12
KILLS = 10
THREADS = os.cpu_count() or 1


def main() -> None:
    """Print one Markdown table, line by line as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-benchmark")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=[*ROWS])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the items, to try this script")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    given = parser.parse_args()
    if given.write and (given.scale != 1 or len(given.rows) < len(ROWS)):
        parser.error("--write takes all rows at full size")
    given.scratch.mkdir(parents=True, exist_ok=True)
    lines = printed(_table(given.rows, Sizes(given.scale), given.scratch))
    if given.write:
        put_between(RESULTS, lines)


def _table(rows: list[str], sizes: Sizes, scratch: Path) -> Iterator[str]:
    yield machine("the published way written anew")
    yield from head(HEAD)
    for name in rows:
        line = ROWS[name](sizes, scratch)
        job, asked = line.name, tuple(claims(line.asked))
        for by, seconds in line.made.items():
            told = seconds if isinstance(seconds, str) else f"{seconds:,.2f} s"
            yield row((job, by, told, *asked))
            job, asked = "", ("", "", "")


def distinct(sizes: Sizes, scratch: Path) -> Line:
    """Hashes of which nearly none is near another."""
    n = sizes.of(20_000)
    hashes = np.random.default_rng(0).integers(0, 2**64, n, dtype=np.uint64)
    own, found = _clustered(hashes)
    theirs, wanted = timed(lambda: leaders(_bits(hashes), DISTANCE))
    same = np.flatnonzero(found == np.arange(n)).tolist() == wanted
    asked = (
        at_most("wall", 0.4, own, " s"),
        at_least("of the published way", 1, theirs / own, "×"),
        Asked("the same exemplars", "the same" if same else "others", same),
    )
    return Line(f"dedupe {n:,} distinct hashes", {"smalti": own, "published": theirs}, asked)


def many(n: int, limit: float) -> Callable[[Sizes, Path], Line]:
    """A row for hashes as slices of volumes have them; the published way is timed on fewer."""

    def measured(sizes: Sizes, scratch: Path) -> Line:
        hashes = em_like(sizes.of(n))
        own, found = _clustered(hashes)
        part = min(len(hashes), sizes.of(20_000))
        theirs, wanted = timed(lambda: leaders(_bits(hashes[:part]), DISTANCE))
        same = np.flatnonzero(found[:part] == np.arange(part)).tolist() == wanted
        guess = theirs * (len(hashes) / part) ** 2
        kept = (found == np.arange(len(found))).mean()
        asked = (
            at_most("wall", limit, own, " s"),
            Asked(f"the same exemplars of the first {part:,}", "the same" if same else "others", same),
        )
        made: dict[str, float | str] = {"smalti": own, "published": f"≈ {guess:,.0f} s"}
        return Line(f"dedupe {len(hashes):,} EM-like hashes, {kept:.0%} kept", made, asked)

    return measured


def hashing(sizes: Sizes, scratch: Path) -> Line:
    """Cutting and hashing in one thread."""
    n = sizes.of(2_000, 200)
    rng = np.random.default_rng(0)
    plane = rng.integers(0, 256, (2240, 2240), dtype=np.uint8)
    corners = [(y, x) for y in range(0, 2240, 224) for x in range(0, 2240, 224)]

    def ours() -> None:
        for _ in range(n // 100):
            patches = np.stack([plane[y : y + 224, x : x + 224] for y, x in corners])
            difference_hash(patches)
            spread(patches)

    def theirs() -> None:
        for _ in range(n // 100):
            for y, x in corners:
                hashed(plane[y : y + 224, x : x + 224], 224)

    ours()
    own, peer = (statistics.median(timed(job)[0] for _ in range(3)) for job in (ours, theirs))
    n = n // 100 * 100
    asked = (
        at_least("patches/s a core", 8_000, n / own, ""),
        at_least("of the published way", 1, peer / own, "×", 1),
    )
    return Line(f"cut and hash {n:,} patches of 224²", {"smalti": own, "published": peer}, asked)


def volumes(sizes: Sizes, scratch: Path) -> Line:
    """A volume along three axes, as commands."""
    import tifffile

    side = sizes.of(448, 224)
    source = scratch / f"volume-{side}.tif"
    if not source.exists():
        facts = {"axes": "ZYX", "spacing": 0.004, "unit": "um"}
        how = {"imagej": True, "compression": "zlib", "resolution": (250, 250)}
        tifffile.imwrite(source, tissue(side), metadata=facts, **how)
    out = scratch / "patches"
    script = Path(__file__).with_name("published.py")
    own: list[str | Path] = [
        sys.executable,
        "-m",
        "smalti.cli",
        "curate",
        "patch3d",
        source,
        "-o",
        out,
        "--fresh",
    ]
    peer: list[str | Path] = [sys.executable, script, source, scratch / "patches.pkl"]
    idle = measure([sys.executable, "-m", "smalti.cli", "curate", "patch3d", "--help"]).peak_mb
    walls = {}
    for by, command in (("smalti", own), ("published", peer)):
        measure(command, watched=False)
        walls[by] = statistics.median(measure(command, watched=False).wall for _ in range(3))
    peaks = {by: measure(command).peak_mb for by, command in (("smalti", own), ("published", peer))}
    slab = side**3 / 1e6  # below 128 MB a volume is one
    asked = (
        at_most("MB beside the slab", 300, peaks["smalti"] - slab, "", 0),
        at_least("of the published way", 1, walls["published"] / walls["smalti"], "×", 1),
    )
    made: dict[str, float | str] = {
        by: f"{walls[by]:.2f} s, {peaks[by]:,.0f} MB" for by in ("smalti", "published")
    }
    return Line(f"patch3d {side}³, 3 axes (the program alone: {idle:,.0f} MB)", made, asked)


def kills(sizes: Sizes, scratch: Path) -> Line:
    """Each step killed at random moments; what the same command makes of it is as undisturbed."""
    each = int(os.environ.get("SMALTI_REPEATS", sizes.of(KILLS, 1)))
    stages = ("", "_files", "_adding", "_filter", "_sample")
    names = [f"test{stage}_kills.py" for stage in stages]
    tests = [TESTS / "curation" / name for name in names]
    codes = [killed(path, each, sys.stderr.fileno()) for path in tests]
    found = "the same" if not any(codes) else f"pytest ended with {max(codes)}"
    asked = Asked(f"after {each} kills of each step the same manifest", found, not any(codes))
    return Line("kill −9 of each step", {"smalti": "–"}, (asked,))


def em_like(n: int, track: int = 200, drift: float = 0.98) -> np.ndarray:
    """Hashes of pictures that change a little from slice to slice, in tracks of `track` slices."""
    rng = np.random.default_rng(1)
    tracks = -(-n // track)
    cells = rng.standard_normal((tracks, 8, 9)).astype(np.float32)
    made = np.empty((track, tracks), np.uint64)
    for at in range(track):
        bits = (cells[:, :, 1:] > cells[:, :, :-1]).reshape(tracks, 64)
        made[at] = np.packbits(bits, axis=1).view(">u8")[:, 0]
        new = rng.standard_normal(cells.shape).astype(np.float32)
        cells = np.float32(drift) * cells + np.float32((1 - drift**2) ** 0.5) * new
    return np.ascontiguousarray(made.T).reshape(-1)[:n]


def tissue(side: int) -> np.ndarray:
    """A made-up volume of membranes."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(2).standard_normal((side,) * 3, np.float32), 4, mode="wrap")
    bands = np.abs(noise) / noise.std()
    grain = np.random.default_rng(3).standard_normal((side,) * 3, np.float32)
    made = np.clip(60 + 120 * np.minimum(bands, 1.2) + 8 * grain, 0, 255)
    return np.asarray(made, np.uint8)


def _clustered(hashes: np.ndarray) -> tuple[float, np.ndarray]:
    leader_clusters(hashes[:10], DISTANCE, THREADS)  # compiles
    seconds, found = timed(lambda: leader_clusters(hashes, DISTANCE, THREADS))
    return seconds, found


def _bits(hashes: np.ndarray) -> np.ndarray:
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8))
    return np.asarray(bits.reshape(-1, 64), bool)


ROWS = {
    "distinct": distinct,
    "many": many(100_000, 4),
    "most": many(800_000, 60),
    "hash": hashing,
    "patch3d": volumes,
    "features": featured,
    "filter": filtered,
    "kills": kills,
}


if __name__ == "__main__":
    main()
