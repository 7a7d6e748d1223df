"""The commands that are made of the installed steps of curation."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from smalti.core.options import options_of
from smalti.core.plugin import plugins


def test_every_step_is_a_command_with_its_options(smalti):
    listed = smalti("curate", "--help").stdout
    for name, plugin in plugins("step").items():
        assert name in listed
        said = smalti("curate", name, "--help").stdout
        assert plugin.meaning[:30] in said
        assert all(one.flag in said for one in options_of(plugin.options["options"]))
        assert "Raises" not in said


def test_the_command_line_knows_no_step_before_one_is_asked_for():
    heavy = "[name for name in sys.modules if name.startswith(('smalti.curation', 'numpy'))]"
    script = f"import sys; import smalti.cli.main; print({heavy})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_step_ends_with_two(smalti):
    done = smalti("curate", "patch4d", "x", "-o", "y")
    assert done.returncode == 2
    assert "patch4d" in done.stderr


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_what_became_of_each_item_is_told(smalti, tmp_path, flags):
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(0)
    tifffile.imwrite(tmp_path / "images" / "a.tif", rng.integers(0, 256, (32, 32), dtype=np.uint8))
    (tmp_path / "images" / "b.tif").write_bytes(b"II*\0 and no more")
    done = smalti("curate", "patch2d", tmp_path / "images", "-o", tmp_path / "p", "--crop-size", "16", *flags)
    assert done.returncode == 1
    if flags:
        told = json.loads(done.stdout)
        assert (told["ok"], told["failed"], told["made"]) == (1, 1, 4)
    else:
        assert done.stdout.startswith("1 ok, 1 failed; 4 patches in ")
        assert "failed: b.tif: " in done.stdout
