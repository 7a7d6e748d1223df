"""Sets of patches whose truth is known, and a page to label one on, served by the real command."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import smalti
from smalti.curation.patchset import PatchSet
from smalti.testing.labelled import Labelled, write_labelled


def cut(labelled: Labelled, folder: Path, **options: object) -> tuple[PatchSet, dict[str, bool]]:
    """A set of patches in a folder, and the truth by patch id."""
    truth = write_labelled(labelled, folder / "images")
    side = labelled.pixels.shape[-1]
    patches = smalti.patch2d(folder / "images", folder / "patches", crop_size=side, **options)
    named = patches.frame.select("patch_id", "source_path").iter_rows()
    return patches, {one: truth[path] for one, path in named}


@contextmanager
def labelling_page(patches: PatchSet, *options: str) -> Iterator[tuple[str, list[str]]]:
    """The URL of a page that a set is labelled on; what the command said at its end stands in the list."""
    command = [sys.executable, "-m", "smalti.cli", "curate", "label", str(patches.folder)]
    own = ["--no-browser", "--port", "0", "--who", "ann", *options]
    said: list[str] = []
    with subprocess.Popen(
        [*command, *own], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip(), said  # ends with the process, so it never waits for good
        finally:
            server.send_signal(signal.SIGINT)
            out, err = server.communicate(timeout=60)
        said += [out, err]
        assert server.returncode == 0, err
