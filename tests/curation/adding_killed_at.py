"""Run by tests: finds features of a set of patches, and is killed at the n-th file put in place.

``python adding_killed_at.py SET N before|after``; of 0 it comes to its end and prints how many.
"""

import os
import signal
import sys

from smalti.core.progress import Silent
from smalti.curation import adding, manifest
from smalti.curation.api import curate


def main() -> None:
    folder, number, when = sys.argv[1:]
    count = [0]

    def dying(put):
        def put_or_die(*arguments):
            count[0] += 1
            if count[0] == int(number) and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            put(*arguments)
            if count[0] == int(number):
                os.kill(os.getpid(), signal.SIGKILL)

        return put_or_die

    for module in (adding, manifest):
        module.commit = dying(module.commit)
    adding.PART_SECONDS, adding.CHUNK_BYTES = 0.0, 2 * 32 * 32  # else so few pixels are one part
    curate("features", folder, progress=Silent(), workers=2)
    sys.stdout.write(str(count[0]))


if __name__ == "__main__":
    main()
