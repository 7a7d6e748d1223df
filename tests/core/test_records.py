from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from smalti.core.image import Image, ImageRef
from smalti.core.records import changed

REF = ImageRef("/data/a.png", "a.png", 7, 1.5, "treated", series_name="one")


def test_a_changed_record_is_the_one_that_replace_makes_and_leaves_the_first_alone():
    assert changed(REF, series=3, loader="raster") == replace(REF, series=3, loader="raster")
    assert ImageRef("/data/a.png", "a.png", 7, 1.5, "treated", series_name="one") == REF


def test_a_changed_record_is_as_frozen_as_the_first():
    image = changed(Image(REF, "YX", (2, 3), np.dtype("uint8")), partial="cut")
    assert (image.ref, image.shape, image.partial) == (REF, (2, 3), "cut")
    with pytest.raises(FrozenInstanceError):
        image.partial = None


def test_a_name_that_no_field_has_is_refused():
    with pytest.raises(TypeError, match="sreies"):
        changed(REF, sreies=3)
