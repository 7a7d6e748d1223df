"""MRC of every mode as bytes, against NumPy in float64 and mrcfile."""

import warnings

import mrcfile
import numpy as np
import pytest
import SimpleITK

from smalti.core.progress import Silent
from smalti.curation import mrc2byte

RNG = np.random.default_rng(1)
MODES = {
    0: RNG.integers(-128, 128, (6, 20, 30)).astype(np.int8),
    1: RNG.integers(-3000, 4000, (6, 20, 30)).astype(np.int16),
    2: RNG.normal(-5, 3, (6, 20, 30)).astype(np.float32),
    6: RNG.integers(0, 4096, (6, 20, 30)).astype(np.uint16),
    12: RNG.normal(0, 3, (6, 20, 30)).astype(np.float16),
}
WINDOWS = {0: (-128, 127), 6: (0, 4095)}


def write(path, pixels, size=(4.0, 5.0, 40.0), **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of complex and float16
        with mrcfile.new(path, pixels, overwrite=True) as file:
            file.voxel_size = size
            for name, value in options.items():
                setattr(file.header, name, value)
    return path


def read(path):
    with mrcfile.open(path) as file:
        size = [float(file.voxel_size[axis]) for axis in "xyz"]
        return file.data.view(np.uint8).copy(), size, file.header.copy()


def blocks_of(pixels, n):
    """Means of cubes in float64, those at the end of what is left."""
    shape = [-(-length // n) for length in pixels.shape]
    cut = [[slice(i * n, i * n + n) for i in range(length)] for length in shape]
    return np.array(
        [[[pixels[z, y, x].mean(dtype=np.float64) for x in cut[2]] for y in cut[1]] for z in cut[0]]
    )


def reference(pixels, window):
    low, high = map(np.float64, window)
    return np.clip(np.rint((pixels.astype(np.float64) - low) * 255 / (high - low)), 0, 255)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_the_bytes_that_float64_gives(mode, n, tmp_path):
    pixels = MODES[mode]
    write(tmp_path / "a.mrc", pixels)
    assert mrc2byte(tmp_path / "a.mrc", tmp_path / "o", bin=n, progress=Silent()).ok == 1
    found, size, header = read(tmp_path / "o" / "a.mrc")
    wanted = reference(blocks_of(pixels, n), WINDOWS.get(mode, (pixels.min(), pixels.max())))
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1
    assert (found != wanted).mean() < 0.01
    assert size == pytest.approx([4 * n, 5 * n, 40 * n], rel=1e-5)
    assert header.dmax == found.max()


def test_percentiles_leave_out_hot_voxels_and_nan_are_said(tmp_path):
    pixels = MODES[2].copy()
    pixels[0, 0, :2], pixels[0, 1, 1] = 1e6, np.nan
    write(tmp_path / "a.mrc", pixels)
    options = {"intensity": "percentile", "low": 1, "high": 99, "progress": Silent()}
    outcome = mrc2byte(tmp_path / "a.mrc", tmp_path / "o", **options)
    window = np.nanpercentile(pixels, [1, 99], method="inverted_cdf")
    assert outcome.items[0].why == "1 NaN became 0"
    assert np.abs(read(tmp_path / "o" / "a.mrc")[0] - np.nan_to_num(reference(pixels, window))).max() <= 1


def test_complex_voxels_are_refused_with_the_reason_beside_good_ones(tmp_path):
    (tmp_path / "v").mkdir()
    write(tmp_path / "v" / "a.mrc", np.ones((3, 4, 5), np.complex64))
    write(tmp_path / "v" / "b.mrc", MODES[1])
    (tmp_path / "v" / "c.mrc").write_bytes(b"no volume")
    items = mrc2byte(tmp_path / "v", tmp_path / "o", progress=Silent()).items
    assert [item.status for item in items] == ["failed", "ok", "failed"]
    assert items[0].why.startswith("its pixels are complex (complex64)")


def test_images_by_themselves_are_binned_in_their_planes_only(tmp_path):
    write(tmp_path / "a.mrcs", MODES[1], ispg=0, mz=1)
    outcome = mrc2byte(tmp_path / "a.mrcs", tmp_path / "o", bin=2, progress=Silent())
    found, _, header = read(tmp_path / "o" / "a.mrc")
    assert "binned along y and x only" in outcome.items[0].why
    assert (found.shape, int(header.ispg), int(header.mz)) == ((6, 10, 15), 0, 1)


def test_volumes_in_a_row_are_binned_one_by_one(tmp_path):
    pixels = RNG.integers(-3000, 4000, (2, 3, 20, 30)).astype(np.int16)
    write(tmp_path / "a.mrc", pixels)
    mrc2byte(tmp_path / "a.mrc", tmp_path / "o", bin=2, progress=Silent())
    found, _, header = read(tmp_path / "o" / "a.mrc")
    window = pixels.min(), pixels.max()
    wanted = np.stack([reference(blocks_of(volume, 2), window) for volume in pixels])
    assert (int(header.nz), int(header.mz)) == (4, 2)
    assert np.abs(found.reshape(wanted.shape) - wanted).max() <= 1


def test_a_single_section_and_one_without_spacing(tmp_path):
    write(tmp_path / "a.mrc", MODES[1][:1], size=0)
    outcome = mrc2byte(tmp_path / "a.mrc", tmp_path / "o", bin=2, progress=Silent())
    found, size, _ = read(tmp_path / "o" / "a.mrc")
    assert outcome.items[0].why == "its header states no spacing"
    assert (found.shape, size) == ((1, 10, 15), [0, 0, 0])


def test_real_volumes_of_other_formats_keep_their_spacing(data, tmp_path):
    mrc2byte(data / "em" / "em_volume.nii.gz", tmp_path / "o", progress=Silent())
    found, size, _ = read(tmp_path / "o" / "em_volume.mrc")
    source = SimpleITK.ReadImage(str(data / "em" / "em_volume.nii.gz"))
    np.testing.assert_array_equal(found, SimpleITK.GetArrayFromImage(source))
    assert size == pytest.approx([1e7 * step for step in source.GetSpacing()], rel=1e-5)  # mm


@pytest.mark.parametrize("name", ["em_small.mrc", "em_volume.mrc", "mrc/EMD-3001.map", "mrc/EMD-3197.map"])
def test_real_mrc_files_are_binned_as_numpy_bins_them(name, data, tmp_path):
    with mrcfile.open(data / "em" / name, permissive=True) as file:
        cell = [float(file.voxel_size[axis]) for axis in "xyz"]
        runs = [int(file.header[name]) for name in ("mapc", "mapr", "maps")]
        pixels, size = file.data.copy(), [cell[run - 1] for run in runs]
    mrc2byte(data / "em" / name, tmp_path / "o", bin=2, intensity="data", progress=Silent())
    path = next((tmp_path / "o").glob("*.mrc"))
    wanted = reference(blocks_of(pixels, 2), (pixels.min(), pixels.max()))
    found, halved, _ = read(path)
    assert np.abs(found - wanted).max() <= 1
    assert halved == pytest.approx([2 * step for step in size], rel=1e-5)
