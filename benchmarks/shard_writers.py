"""Write the same frames in memory as tar shards, by smalti or by a plain loop over Python's tarfile.

``python shard_writers.py smalti|tarfile OUT N SIZE TIMES REPORT.json``; wall and CPU seconds of each time.
"""

import io
import json
import shutil
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import smalti
from smalti.core.progress import Silent


def by_smalti(frames: np.ndarray, out: Path) -> None:
    """As people call it: metadata, index and dataset.yaml included."""
    smalti.write_shards(images=frames, output_dir=out, progress=Silent())


def by_tarfile(frames: np.ndarray, out: Path) -> None:
    """What one writes by hand: no index, one shard, a few words of metadata."""
    out.mkdir()
    with tarfile.open(out / "frames.tar", "w") as tar:
        for number, frame in enumerate(frames):
            made = io.BytesIO()
            np.save(made, frame)
            told = json.dumps({"frame": number, "shape": frame.shape, "dtype": str(frame.dtype)})
            for name, data in ((f"{number:06}.npy", made.getvalue()), (f"{number:06}.json", told.encode())):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


WRITERS: dict[str, Callable[[np.ndarray, Path], None]] = {"smalti": by_smalti, "tarfile": by_tarfile}


def main(who: str, out: str, n: str, size: str, times: str, report: str) -> None:
    """Write seconds of wall and of CPU of each time; what the last wrote stays."""
    frames = np.random.default_rng(0).integers(0, 4000, (int(n), int(size), int(size)), dtype=np.uint16)
    seconds = [_once(WRITERS[who], frames, Path(out)) for _ in range(int(times))]
    Path(report).write_text(json.dumps(seconds))


def _once(write: Callable[[np.ndarray, Path], None], frames: np.ndarray, out: Path) -> tuple[float, float]:
    shutil.rmtree(out, ignore_errors=True)
    wall, cpu = time.perf_counter(), time.process_time()
    write(frames, out)
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main(*sys.argv[1:])
