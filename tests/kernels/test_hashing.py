import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.kernels import hashing
from smalti.kernels.hashing import difference_hash, leader_clusters, spread


def reference(hashes, distance):
    """The rule as it reads, one pair after the other."""
    numbers = [
        sum(int(word) << (64 * i) for i, word in enumerate(row)) for row in hashes.reshape(len(hashes), -1)
    ]
    kept, found = [], []
    for number in numbers:
        near = [((numbers[k] ^ number).bit_count(), k) for k in kept]
        least = min((pair for pair in near if pair[0] <= distance), default=None)
        if least is None:
            kept.append(len(found))
        found.append(kept[-1] if least is None else least[1])
    return np.array(found, np.int64)


def published(hashes, distance):
    """Exemplars as the published script finds them: the first that is left, then all near it go."""
    left, exemplars = np.arange(len(hashes)), []
    while len(left):
        exemplars.append(left[0])
        left = left[np.bitwise_count(hashes[left] ^ hashes[left[0]]) > distance]
    return exemplars


@st.composite
def drifting(draw, words):
    """Hashes some of which differ in few bits from one before."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, most = draw(st.integers(1, 60)), draw(st.integers(0, 20))
    hashes = rng.integers(0, 2**64, (n, words), dtype=np.uint64)
    for i in range(1, n):
        if rng.random() < 0.7:
            bits = rng.choice(64 * words, rng.integers(0, most + 1), replace=False)
            hashes[i] = hashes[rng.integers(i)]
            for bit in bits:
                hashes[i, bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    return hashes


@settings(max_examples=40, deadline=None)
@given(
    hashes=drifting(1) | drifting(4),
    distance=st.integers(0, 70),
    threads=st.integers(1, 3),
    indexed=st.booleans(),
)
def test_clusters_are_those_of_the_plain_rule_however_they_are_found(hashes, distance, threads, indexed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "_BLOCK", 7)
        patch.setattr(hashing, "_CHUNK", 3)
        if indexed:
            patch.setattr(hashing, "INDEXED_ABOVE", 5)
        found = leader_clusters(hashes if hashes.shape[1] > 1 else hashes[:, 0], distance, threads)
    np.testing.assert_array_equal(found, reference(hashes, distance))


def test_the_index_finds_what_a_look_at_all_finds_among_many(monkeypatch):
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 2**64, 20_000, dtype=np.uint64)
    hashes[5000:] = hashes[rng.integers(0, 5000, 15_000)]
    for _ in range(6):
        hashes[5000:] ^= np.uint64(1) << rng.integers(0, 64, 15_000, dtype=np.uint64)
    wanted = leader_clusters(hashes, 12)
    monkeypatch.setattr(hashing, "INDEXED_ABOVE", 500)
    np.testing.assert_array_equal(leader_clusters(hashes, 12, 2), wanted)


def test_exemplars_are_those_of_the_published_script():
    rng = np.random.default_rng(2)
    hashes = rng.integers(0, 2**64, 900, dtype=np.uint64)
    hashes[300:] = hashes[rng.integers(0, 300, 600)] ^ (
        np.uint64(1) << rng.integers(0, 64, 600, dtype=np.uint64)
    )
    found = leader_clusters(hashes, 12)
    assert np.flatnonzero(found == np.arange(900)).tolist() == published(hashes, 12)


def by_area(picture, size):
    """The hash from the mean of each cell, of the picture with each pixel blown up."""
    height, width = picture.shape
    large = np.kron(picture.astype(np.int64), np.ones((size, size + 1), np.int64))
    cells = large.reshape(size, height, size + 1, width).sum(axis=(1, 3))
    bits = (cells[:, 1:] > cells[:, :-1]).reshape(-1)
    return np.packbits(bits).view(">u8").astype(np.uint64)


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 50),
    width=st.integers(1, 50),
    seed=st.integers(0, 2**32),
    size=st.sampled_from([8, 16]),
)
def test_a_difference_hash_compares_cells_of_equal_area(height, width, seed, size):
    pictures = np.random.default_rng(seed).integers(0, 256, (3, height, width), dtype=np.uint8)
    found = difference_hash(pictures, size).reshape(3, -1)
    np.testing.assert_array_equal(found, [by_area(picture, size) for picture in pictures])


@pytest.mark.parametrize("shape", [(224, 224), (64, 40), (7, 5), (1, 1), (9, 8)])
def test_spread_is_that_of_pixels_and_of_means_of_eight_by_eight(shape):
    pictures = np.random.default_rng(3).integers(0, 256, (2, *shape), dtype=np.uint8)
    y, x = min(8, shape[0]), min(8, shape[1])
    whole = pictures[:, : shape[0] // y * y, : shape[1] // x * x].astype(float)
    means = whole.reshape(2, shape[0] // y, y, shape[1] // x, x).mean(axis=(2, 4))
    wanted = np.stack([pictures.std(axis=(1, 2)), means.std(axis=(1, 2))], axis=1)
    np.testing.assert_allclose(spread(pictures), wanted, atol=1e-6)
