"""Run by tests: cuts made-up volumes or images to patches, and is killed at the n-th file put in place.

``python killed_at.py STEP SRC DST N before|after``; of 0 it comes to its end and prints how many.
"""

import sys

from dying import Dying

from smalti.core.progress import Silent
from smalti.curation import manifest, pending, state
from smalti.curation.api import curate
from smalti.writers.target import LocalTarget

OPTIONS = {
    "patch3d": {"crop_size": 16, "voxel_size": "1,1,1", "memory": "20kB", "distance": 4},
    "patch2d": {"crop_size": 16, "min_size": 4},
}


def main() -> None:
    step, source, out, number, when = sys.argv[1:]
    dying = Dying(number, when)
    LocalTarget.put = dying.or_die(LocalTarget.put)
    for module in (manifest, state):
        module.commit = dying.or_die(module.commit)
    pending.PART_SECONDS = 0.0  # else so few pixels are one part
    curate(step, source, out, progress=Silent(), **OPTIONS[step])
    sys.stdout.write(str(dying.count))


if __name__ == "__main__":
    main()
