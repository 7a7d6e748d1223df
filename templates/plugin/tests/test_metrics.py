from smalti.testing.conformance import MetricSuite
from smalti.testing.defects import vignetting
from smalti.testing.synthetic import synthetic

from smalti_example.metrics import edge_darkness


class TestEdgeDarkness(MetricSuite):
    metric = edge_darkness

    def test_it_rises_with_vignetting(self):
        image = synthetic("micrograph", dtype="uint8")
        even, dim, dark = (self.values(vignetting(image, level))[0] for level in (1.0, 0.6, 0.3))
        assert abs(even) < 0.1
        assert even < dim < dark
