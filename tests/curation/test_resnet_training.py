"""Training a ResNet34 on a few patches: it learns, goes on after a kill, and gives the same for the same."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from trained_at import HOW, patch

from smalti.core.errors import UsageError
from smalti.core.progress import Silent
from smalti.curation.network.resnet import resnet_scorer
from smalti.curation.network.training import train_resnet
from smalti.curation.network.varied import varied
from smalti.curation.network.weight_file import new_network, read_weights

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_core")]

SCRIPT = Path(__file__).with_name("trained_at.py")
ROWS = np.arange(12)


def run(out, number=0):
    command = [sys.executable, str(SCRIPT), str(out), str(number)]
    alone = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=alone, capture_output=True, encoding="utf-8", check=False)


def train(out, how=HOW, labels=ROWS % 2, training=ROWS[:8], validation=ROWS[8:], progress=None):
    return train_resnet(patch, labels, training, validation, how, out, progress or Silent())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "w.pth"
    done = run(out)
    assert done.returncode == 0, done.stderr
    return out


def test_it_tells_noise_from_slopes_and_gives_the_scores_of_what_it_wrote(undisturbed):
    scores = np.load(undisturbed.with_suffix(".npy"))
    again = resnet_scorer(undisturbed).scores([patch(row) for row in ROWS[8:]])
    assert again == pytest.approx(scores, abs=1e-6)
    assert scores.dtype == np.float32
    assert scores[1::2].min() > scores[::2].max()
    assert len(read_weights(undisturbed)) == 218
    assert sorted(path.name for path in undisturbed.parent.iterdir()) == ["w.npy", "w.pth"]


def test_a_killed_training_goes_on_to_the_same_bytes(undisturbed, tmp_path):
    out = tmp_path / "w.pth"
    assert run(out, 2).returncode == -9
    assert not out.exists()
    assert run(out, 2).returncode == -9  # when all epochs are done, and the weights not yet in place
    assert run(out).returncode == 0
    assert out.read_bytes() == undisturbed.read_bytes()
    assert out.with_suffix(".npy").read_bytes() == undisturbed.with_suffix(".npy").read_bytes()


class Impatient(Silent):
    def __init__(self):
        self.messages = []

    def update(self, state):
        self.messages.append(state.message)
        if state.done > 8:
            raise KeyboardInterrupt


def test_a_stopped_training_leaves_nothing_half_and_another_does_not_go_on_from_it(tmp_path):
    out, progress = tmp_path / "w.pth", Impatient()
    with pytest.raises(KeyboardInterrupt):
        train(out, progress=progress)
    assert [path.name for path in tmp_path.iterdir()] == [".w.pth.epochs"]
    one = replace(HOW, epochs=1, seed=2)
    train(out, one)
    train(tmp_path / "anew.pth", one)
    found, wanted = read_weights(out), read_weights(tmp_path / "anew.pth")
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)
    assert "epoch 2 of 2, AUROC" in progress.messages[-1]


def test_it_begins_from_other_weights_with_a_new_last_layer_and_says_so(tmp_path):
    start = new_network(5).state_dict() | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    torch.save(start, tmp_path / "imagenet.pth")
    progress = Impatient()
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "w.pth", replace(HOW, weights=tmp_path / "imagenet.pth"), progress=progress)
    assert "with a new last layer" in progress.messages[0]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"labels": ROWS * 0}, "of 8 training patches 0 are labelled keep"),
        ({"validation": ROWS[9::2]}, "of 2 validation patches 2 are labelled keep"),
        ({"validation": ROWS[:2]}, "in training and validation"),
        ({"how": replace(HOW, epochs=0)}, "epochs=0"),
        ({"how": replace(HOW, learning_rate=float("nan"))}, "learning_rate=nan"),
        ({"how": replace(HOW, weights=Path("none.pth"))}, "no file none.pth"),
    ],
    ids=["one label", "one label to judge by", "overlap", "no epoch", "rate", "weights"],
)
def test_what_cannot_be_trained_is_refused_in_words(facts, said, tmp_path):
    with pytest.raises(UsageError, match=said):
        train(tmp_path / "w.pth", **facts)


def test_patches_are_varied_by_the_seed_only_and_keep_what_they_show():
    grey = torch.arange(2 * 9.0).reshape(2, 1, 3, 3) + 100
    one, same = (varied(grey, np.random.default_rng(4)) for _ in range(2))
    assert torch.equal(one, same)
    seen = {tuple(np.argsort(varied(grey, np.random.default_rng(s))[0].ravel().numpy())) for s in range(99)}
    assert len(seen) == 8
