import numpy as np

from smalti.testing.volumes import em_volume


def test_a_made_up_volume_shows_some_slices_again_and_changes_from_one_to_the_next():
    pixels, again = em_volume(3, (12, 96, 110), repeats=2, noise=0.01)
    assert (pixels.shape, pixels.dtype, len(again)) == ((12, 96, 110), np.uint8, 2)
    slices = pixels.astype(int)
    for late, first in again.items():
        assert np.abs(slices[late] - slices[first]).mean() < 6
    plain = [z for z in range(5) if z not in again]
    assert all(np.abs(slices[z] - slices[z + 6]).mean() > 10 for z in plain if z + 6 not in again)


def test_the_same_seed_makes_the_same_volume():
    assert np.array_equal(em_volume(5, (4, 40, 40))[0], em_volume(5, (4, 40, 40))[0])
