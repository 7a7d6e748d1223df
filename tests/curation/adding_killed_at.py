"""Run by tests: finds features of a set of patches, and is killed at the n-th file put in place.

``python adding_killed_at.py SET N before|after``; of 0 it comes to its end and prints how many.
"""

import sys

from dying import Dying

from smalti.core.progress import Silent
from smalti.curation import adding, manifest
from smalti.curation.api import curate


def main() -> None:
    folder, number, when = sys.argv[1:]
    dying = Dying(number, when)
    for module in (adding, manifest):
        module.commit = dying.or_die(module.commit)
    adding.PART_SECONDS, adding.CHUNK_BYTES = 0.0, 2 * 32 * 32  # else so few pixels are one part
    curate("features", folder, progress=Silent(), workers=2)
    sys.stdout.write(str(dying.count))


if __name__ == "__main__":
    main()
