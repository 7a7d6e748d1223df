from pathlib import Path

from smalti.testing.conformance import LoaderSuite

from smalti_example.loaders import acq

SETTINGS = "laser_power_percent=2.5\ndetector_gain=640\nscan_mode=resonant\nexposure_s=0.05\nend\n"


class TestAcq(LoaderSuite):
    loader = acq

    def make_file(self, folder: Path) -> tuple[Path, None]:
        path = folder / "well_a01.acq"
        path.write_text(SETTINGS, encoding="utf-8")
        return path, None

    def test_settings_become_numbers_and_words(self, image):
        assert image.metadata["detector_gain"] == 640.0
        assert image.metadata["scan_mode"] == "resonant"

    def test_a_file_without_its_last_line_is_partial(self, folder):
        path = folder / "cut.acq"
        path.write_text("detector_gain=6", encoding="utf-8")
        with self.open(path) as images:
            assert "cut" in next(images).partial
