from pathlib import PurePosixPath

import pytest

from smalti.core.image import ImageRef
from smalti.processing.facts import file_facts

PATHS = (
    "a.png",
    "b/a.ome.tif",
    "b/c/a",
    "b/.hidden",
    "b/a.",
    "b/..a",
    "/b/a.PNG",
    "b//c/./a.x",
    "b/a/",
    "b/..",
)


@pytest.mark.parametrize("text", PATHS)
def test_the_parts_of_a_path_are_those_of_pathlib(text):
    path, facts = PurePosixPath(text), file_facts(ImageRef(text, text))
    named = path.name, path.stem, path.suffix.lower().removeprefix(".")
    assert (facts["name"], facts["stem"], facts["file_extension"]) == named
    assert facts["parent"] == (str(path.parent) if path.parent.name else "")
    assert facts["depth"] == len(path.parts) - 1
