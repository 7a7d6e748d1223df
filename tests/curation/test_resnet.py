"""The ResNet34 that scores patches: its layout, its numbers, and what it refuses to load."""

import pickle
import sys

import numpy as np
import pytest
from PIL import Image

from smalti.core.errors import MissingExtraError, SmaltiError, UnknownNameError, UsageError
from smalti.curation.resnet import resnet_scorer
from smalti.curation.resnet_input import MEAN, STD, pictures
from smalti.curation.weight_file import new_network, read_weights

torch = pytest.importorskip("torch")
F = torch.nn.functional
pytestmark = pytest.mark.usefixtures("one_core")


@pytest.fixture(scope="module")
def weights():
    """Of a network whose norms have seen something; drawn ones alone leave mean 0 and variance 1."""
    network = new_network(0)
    random = torch.Generator().manual_seed(1)
    for key, value in network.state_dict().items():
        if value.ndim == 1 and "running" not in key:
            value.add_(torch.rand(value.shape, generator=random) / 4)
    for norm in (one for one in network.modules() if isinstance(one, torch.nn.BatchNorm2d)):
        norm.momentum = 1
    with torch.no_grad():
        network.train()(torch.rand(2, 3, 224, 224, generator=random) * 4 - 2)
    network.fc.weight.data *= 10
    return network.eval().state_dict()


@pytest.fixture(scope="module")
def file(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "w.pth"
    torch.save(weights, path)
    return path


@pytest.fixture(scope="module")
def patches():
    random = np.random.default_rng(0)
    shapes = [(224, 224), (112, 224), (224, 150), (300, 300), (17, 23)]
    return [random.integers(0, 256, shape, np.uint8) for shape in shapes]


def norm(x, weights, name):
    values = [weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
    return F.batch_norm(x, *values)


def reference(weights, patch):
    """The forward pass of He et al. (2016), figure 3 and table 1, written from the state dict alone."""
    grey = torch.from_numpy(np.array(Image.fromarray(patch).convert("F").resize((224, 224), Image.BILINEAR)))
    x = torch.stack([(grey / 255 - m) / s for m, s in zip(MEAN, STD, strict=True)])[None]
    x = F.relu(norm(F.conv2d(x, weights["conv1.weight"], stride=2, padding=3), weights, "bn1"))
    x = F.max_pool2d(x, 3, 2, 1)
    for stage, blocks in enumerate((3, 4, 6, 3), 1):
        for number in range(blocks):
            name = f"layer{stage}.{number}"
            stride = 2 if stage > 1 and number == 0 else 1
            y = F.conv2d(x, weights[f"{name}.conv1.weight"], stride=stride, padding=1)
            y = F.conv2d(F.relu(norm(y, weights, f"{name}.bn1")), weights[f"{name}.conv2.weight"], padding=1)
            y = norm(y, weights, f"{name}.bn2")
            if stride == 2:
                x = F.conv2d(x, weights[f"{name}.downsample.0.weight"], stride=2)
                x = norm(x, weights, f"{name}.downsample.1")
            x = F.relu(x + y)
    x = F.avg_pool2d(x, 7).flatten(1)
    return float(torch.sigmoid(F.linear(x, weights["fc.weight"], weights["fc.bias"])))


def test_its_layout_is_the_common_one_of_a_resnet34_with_one_output():
    network = new_network()
    assert len(network.state_dict()) == 218
    assert sum(value.numel() for value in network.parameters()) == 21_285_185
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert shapes["conv1.weight"] == (64, 3, 7, 7)
    assert shapes["layer2.0.downsample.0.weight"] == (128, 64, 1, 1)
    assert shapes["layer4.2.bn2.running_var"] == (512,)
    assert shapes["fc.weight"] == (1, 512)


def test_new_weights_are_drawn_by_the_seed_as_he_et_al_propose_and_leave_other_chance_alone():
    before = torch.random.get_rng_state()
    one, same, other = (new_network(seed).layer1[0].conv1.weight.detach() for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert float(one.std()) == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_scores_are_those_of_the_forward_pass_as_published(file, weights, patches):
    found = resnet_scorer(file).scores(patches)
    assert found.dtype == np.float32
    wanted = [reference(weights, patch) for patch in patches]
    assert np.ptp(wanted) > 1e-3
    assert found[0] == pytest.approx(wanted[0], abs=1e-5)
    assert found == pytest.approx(wanted, abs=1e-4)  # resizing differs in the third digit of a grey value


def test_scores_are_the_same_however_patches_are_split_into_calls(file, patches, monkeypatch):
    scorer = resnet_scorer(file)
    together = scorer.scores(patches)
    assert [float(scorer.scores([patch])[0]) for patch in patches] == pytest.approx(together, abs=1e-5)
    monkeypatch.setattr("smalti.curation.resnet.AT_ONCE", 2)
    assert scorer.scores(patches) == pytest.approx(together, abs=1e-5)
    assert scorer.scores([]).shape == (0,)


def test_weights_that_are_written_and_read_again_give_the_same_scores(file, patches, tmp_path):
    torch.save(read_weights(file), tmp_path / "again.pth")
    one, again = resnet_scorer(file), resnet_scorer(tmp_path / "again.pth")
    assert np.array_equal(one.scores(patches), again.scores(patches))
    assert one.asked["kind"] == "resnet34"
    assert len(one.asked["sha256"]) == 64


@pytest.mark.parametrize("shape", [(100, 100), (448, 448), (225, 130)])
def test_a_patch_of_another_size_is_resized_as_pillow_does(shape):
    patch = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    wanted = Image.fromarray(patch).convert("F").resize((224, 224), Image.BILINEAR)
    assert pictures([patch])[0, 0].numpy() == pytest.approx(np.array(wanted), abs=1e-2)  # of 255


@pytest.mark.parametrize(
    "wrap",
    [
        lambda found: {f"module.{key}": value for key, value in found.items()},
        lambda found: {"state_dict": {f"module.{key}": value for key, value in found.items()}, "epoch": 3},
        lambda found: {"model_state": found, "norms": [0.5, 0.1]},
        lambda found: {key: value.double() for key, value in found.items()},
    ],
    ids=["module.", "state_dict", "model_state", "float64"],
)
def test_what_published_files_wrap_weights_in_is_understood(wrap, weights, tmp_path):
    torch.save(wrap(weights), tmp_path / "w.pth")
    found = read_weights(tmp_path / "w.pth")
    assert all(torch.equal(found[key], value) for key, value in weights.items())


class Evil:
    def __reduce__(self):
        return print, ("run!",)


def spoilt(key, change):
    return lambda found: found | {key: change(found[key].clone())}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda found: {k: v for k, v in found.items() if k != "bn1.bias"}, "missing: bn1.bias; .*218 keys"),
        (lambda found: found | {"extra.weight": found["fc.bias"]}, "not known: extra.weight"),
        (lambda found: {k: v for k, v in found.items() if "layer" not in k}, "and 207 more"),
        (spoilt("fc.weight", lambda v: torch.zeros(1000, 512)), r"fc.weight is \(1000, 512\), .* \(1, 512\)"),
        (spoilt("fc.bias", lambda v: v * torch.nan), "fc.bias holds NaN"),
        (spoilt("conv1.weight", lambda v: v + torch.inf), "conv1.weight holds NaN or infinity"),
        (spoilt("bn1.running_var", lambda v: v - 9), "bn1.running_var holds a variance below 0"),
        (spoilt("conv1.weight", lambda v: v.to_sparse()), "plain tensor"),
        (lambda found: found | {"conv1.weight": 3}, "no tensors by key"),
        (lambda found: [1, 2], "no tensors by key"),
        (lambda found: found | {"fc.bias": Evil()}, "may run code"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_weights_are_refused_with_what_is_wrong(spoil, said, weights, tmp_path, capsys):
    torch.save(spoil(weights), tmp_path / "w.pth")
    with pytest.raises(UsageError, match=said):
        resnet_scorer(tmp_path / "w.pth")
    assert "run!" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as a file of torch"),
        (b"no weights at all", "cannot be read as a file of torch"),
        (b"PK\x03\x04" + bytes(100), "cannot be read as a file of torch"),
        (pickle.dumps({"conv1.weight": Evil()}), "a pickle would run code"),
    ],
    ids=["empty", "text", "zip", "pickle"],
)
def test_a_file_that_torch_did_not_write_is_refused(content, said, tmp_path, capsys):
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(UsageError, match=said):
        resnet_scorer(tmp_path / "w.pth")
    assert "run!" not in capsys.readouterr().out


def test_a_file_that_was_cut_is_refused(file, tmp_path):
    (tmp_path / "w.pth").write_bytes(file.read_bytes()[:1_000_000])
    with pytest.raises(UsageError, match="damaged"):
        resnet_scorer(tmp_path / "w.pth")


def test_a_patch_that_may_only_be_read_is_taken(file, patches):
    one = patches[0].copy()
    one.flags.writeable = False
    assert pictures([one])[0, 0].numpy() == pytest.approx(patches[0])


def test_a_patch_that_is_no_grey_byte_picture_is_refused(file):
    with pytest.raises(UsageError, match=r"uint16 \(9, 9\)"):
        resnet_scorer(file).scores([np.zeros((9, 9), np.uint16)])


def test_weights_of_which_no_number_comes_out_are_said(weights, tmp_path, patches):
    huge = {key: value * 1e30 if value.is_floating_point() else value for key, value in weights.items()}
    torch.save(huge, tmp_path / "w.pth")
    with pytest.raises(SmaltiError, match="no number"):
        resnet_scorer(tmp_path / "w.pth").scores(patches[:1])


def test_a_device_that_is_not_there_is_said(file):
    with pytest.raises(UnknownNameError, match="gpu"):
        resnet_scorer(file, "gpu")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no GPU"):
            resnet_scorer(file, "cuda")


def test_without_torch_the_extra_is_named(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"smalti\[torch\]"):
        resnet_scorer(file)
