import imageio.v3 as iio
import numpy as np
import pytest

from smalti.testing._uninformative import KINDS
from smalti.testing.labelled import labelled_patches, write_labelled


def test_the_same_seed_makes_the_same_patches_whatever_the_number_of_datasets():
    one, more = labelled_patches(1, 30, seed=5, side=64), labelled_patches(3, 30, seed=5, side=64)
    assert np.array_equal(one.pixels, more.pixels[:30])
    assert np.array_equal(one.informative, more.informative[:30])
    assert not np.array_equal(one.pixels, labelled_patches(1, 30, seed=6, side=64).pixels)


def test_patches_are_grey_bytes_of_the_side_asked_for_and_about_half_show_something():
    made = labelled_patches(4, 32, side=48)
    assert made.pixels.shape == (128, 48, 48)
    assert made.pixels.dtype == np.uint8
    assert 0.35 < made.informative.mean() < 0.65
    assert made.dataset[::32] == ("em00", "em01", "em02", "em03")
    assert len({pixels.tobytes() for pixels in made.pixels[made.informative]}) == made.informative.sum()


def test_datasets_differ_in_contrast_and_brightness():
    made = labelled_patches(6, 24, side=96)
    shown = [made.pixels[made.informative & (np.array(made.dataset) == name)] for name in set(made.dataset)]
    spreads = [float(np.median(pixels.std(axis=(1, 2)))) for pixels in shown]
    levels = [float(np.median(pixels)) for pixels in shown]
    assert max(spreads) > 1.5 * min(spreads)
    assert max(levels) > min(levels) + 20


def test_a_dataset_holds_every_kind_that_shows_nothing():
    kinds = {kind.__name__ for kind in KINDS}
    assert len(kinds) >= 15
    made = labelled_patches(1, 80, side=32)
    assert (~made.informative).sum() >= len(KINDS)


def test_files_do_not_tell_the_truth_that_is_given_back(tmp_path):
    made = labelled_patches(2, 5, side=32)
    told = write_labelled(made, tmp_path)
    assert list(told.values()) == made.informative.tolist()
    assert sorted(told) == sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.png"))
    assert np.array_equal(iio.imread(tmp_path / "em01" / "patch00007.png"), made.pixels[7])
    assert {path.rpartition("/")[0] for path in told} == {"em00", "em01"}


@pytest.mark.parametrize("side", [32, 225])
def test_any_side_can_be_had(side):
    assert labelled_patches(1, 22, side=side).pixels.shape == (22, side, side)
