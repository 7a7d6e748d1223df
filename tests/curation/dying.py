"""A process that kills itself at the n-th thing that it does."""

import os
import signal
from pathlib import Path
from threading import Lock


class Dying:
    """Counts calls of functions, in any thread, and kills this process before or after the n-th."""

    def __init__(self, number, when):
        self.count = 0
        self._last, self._when, self._one = int(number), when, Lock()

    def or_die(self, does):
        def doing(*arguments, **options):
            with self._one:
                self.count += 1
                mine = self.count == self._last
            if mine and self._when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            found = does(*arguments, **options)
            if mine:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return doing

    def at_paths(self, *names):
        """Count what is done to files."""
        for name in names:
            setattr(Path, name, self.or_die(getattr(Path, name)))
