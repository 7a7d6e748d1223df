"""A ResNet34 trained on labelled patches."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import xxhash

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress, State
from smalti.curation.auroc import auroc
from smalti.curation.hashed import sha256_of
from smalti.curation.resnet import resnet_scorer
from smalti.curation.resnet_input import channels, pictures
from smalti.curation.torch_use import device_of, torch_here
from smalti.curation.varied import varied
from smalti.curation.weight_file import HEAD, loaded, new_network, read_weights, saved

__all__ = ["ResnetTraining", "train_resnet"]

WARMING = 0.1
"""Part of the steps in which the learning rate grows to its full height."""
SETTLING = 256
"""Training patches of which the norms are measured after each epoch."""

Read = Callable[[int], np.ndarray]


@dataclass(frozen=True, slots=True)
class ResnetTraining:
    """How a ResNet34 is trained.

    Parameters
    ----------
    epochs
        How often each training patch is seen.
    batch
        Patches of one step.
    learning_rate
        The highest; it grows to it over the first tenth of the steps, and falls as a cosine does.
    seed
        Decides the first weights, the order, and how patches are varied.
    device
        ``auto``, ``cpu`` or ``cuda``. On the CPU the same call gives the same bytes.
    weights
        A file of weights to begin from; a last layer of more than one output is made anew. None: weights are
        drawn.
    """

    epochs: int = 10
    batch: int = 32
    learning_rate: float = 1e-3
    seed: int = 0
    device: str = "auto"
    weights: Path | None = None


def train_resnet(
    read: Read,
    labels: np.ndarray,
    training: np.ndarray,
    validation: np.ndarray,
    how: ResnetTraining,
    out: Path,
    progress: Progress,
) -> np.ndarray:
    """Train a ResNet34 to tell patches of label 1 from those of 0, and write the weights of its best epoch.

    The best is that of the highest AUROC on the validation patches, of equal ones that of the least loss.
    After each epoch all that matters stands in a file beside `out`; the same call goes on from it after a
    kill, and comes to the same weights.

    Parameters
    ----------
    read
        Gives the patch of a row: uint8 (height, width), of any size.
    labels
        (n,), above 0 for those to be kept.
    training, validation
        Rows, int (k,); both hold both labels, and no row is in both.
    how
        Epochs, learning rate, seed and so on.
    out
        The file of weights, made or replaced as a whole.
    progress
        Told the epoch and how well it did.

    Returns
    -------
    numpy.ndarray
        float32 (k,), scores from 0 to 1 of the validation rows, by the weights in `out`.

    Raises
    ------
    UsageError
        Too few labels, impossible settings, or other weights to begin from.
    SmaltiError
        Training came to numbers that are none, or the disk is full.
    MissingExtraError
        torch is not installed.
    """
    rows = Rows(read, np.asarray(labels) > 0, np.asarray(training, int), np.asarray(validation, int))
    _check(rows, how)
    out.parent.mkdir(parents=True, exist_ok=True)
    course = Course.begun(rows, how, out.with_name(f".{out.name}.epochs"))
    told = _Told(progress, how.epochs, len(rows.training), course.note)
    while course.epoch < how.epochs:
        course.learn(told)
    saved(course.best, out)
    course.aside.unlink(missing_ok=True)
    return resnet_scorer(out, how.device).scores([read(int(row)) for row in rows.validation])


@dataclass(frozen=True, slots=True)
class Rows:
    """Patches with labels, of which some are learned from and others judge what was learned."""

    read: Read
    labels: np.ndarray
    training: np.ndarray
    validation: np.ndarray

    def batch(self, rows: np.ndarray) -> tuple[Any, Any]:
        """Pictures, and labels as float32 (n,)."""
        found = pictures([self.read(int(row)) for row in rows])
        return found, torch_here().from_numpy(self.labels[rows].astype(np.float32))

    def digest(self, how: ResnetTraining) -> str:
        """What tells one training from another: settings, rows, labels, the first weights and patches."""
        weights = sha256_of(how.weights) if how.weights else ""
        found = xxhash.xxh3_128(json.dumps({**asdict(how), "weights": weights}).encode())
        for values in (self.labels, self.training, self.validation):
            found.update(np.ascontiguousarray(values))
        for row in (*self.training[:SETTLING], *self.validation[:SETTLING]):
            found.update(np.ascontiguousarray(self.read(int(row))))
        return found.hexdigest()


def _check(rows: Rows, how: ResnetTraining) -> None:
    if how.epochs < 1 or how.batch < 1 or not 0 < how.learning_rate < math.inf:
        raise UsageError(
            f"epochs={how.epochs}, batch={how.batch}, learning_rate={how.learning_rate}; all must be above 0"
        )
    for name, some in (("training", rows.training), ("validation", rows.validation)):
        kept = int(rows.labels[some].sum())
        if kept in (0, len(some)):
            raise UsageError(
                f"of {len(some):,} {name} patches {kept:,} are labelled keep; both kinds are needed: label "
                "more, or divide them with another seed"
            )
    if np.intersect1d(rows.training, rows.validation).size:
        raise UsageError("some patches are in training and validation; each may be in one only")


@dataclass(slots=True)
class _Told:
    """Says how far training is."""

    progress: Progress
    epochs: int
    patches: int
    note: str
    began: float = field(default_factory=monotonic)

    def __call__(self, epoch: int, done: int, best: float) -> None:
        so_far = f", AUROC {best:.3f}" if best >= 0 else ""
        message = f"epoch {epoch + 1} of {self.epochs}{so_far}{self.note}"
        done += epoch * self.patches
        total = self.epochs * self.patches
        self.progress.update(State(done, total, seconds=monotonic() - self.began, message=message))


@dataclass(slots=True)
class Course:
    """A training under way, and what of it is kept aside after each epoch."""

    rows: Rows
    how: ResnetTraining
    aside: Path
    device: Any
    network: Any
    optimizer: Any
    digest: str
    note: str = ""
    epoch: int = 0
    best: dict[str, Any] = field(default_factory=dict)
    best_auroc: float = -1.0
    best_loss: float = math.inf

    @classmethod
    def begun(cls, rows: Rows, how: ResnetTraining, aside: Path) -> "Course":
        """From the first weights, or where the same training was stopped."""
        torch = torch_here()
        device = device_of(how.device)
        network, note = _first_network(how)
        network = network.to(device, memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(network.parameters(), lr=how.learning_rate)
        course = cls(rows, how, aside, device, network, optimizer, rows.digest(how), note)
        course._go_on()
        return course

    def learn(self, told: _Told) -> None:
        """See each training patch once more, judge the outcome, and keep all aside."""
        random = np.random.default_rng([self.how.seed, self.epoch])
        order = random.permutation(self.rows.training)
        done = 0
        with torch_here().backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            for step, some in enumerate(_batches(order, self.how.batch)):
                told(self.epoch, done, self.best_auroc)
                self._step(some, step, random)
                done += len(some)
            self._settle(order[:SETTLING])
            self._judge()
        self.epoch += 1
        self._keep()

    def _step(self, some: np.ndarray, step: int, random: np.random.Generator) -> None:
        found, labels = self.rows.batch(some)
        self.network.train()
        given = self.network(channels(varied(found, random).to(self.device)))
        loss = self._loss(given, labels)
        self.optimizer.param_groups[0]["lr"] = self._rate(step)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def _loss(self, given: Any, labels: Any) -> Any:
        """Binary cross-entropy, in which both labels weigh the same however many there are."""
        from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

        share = float(self.rows.labels[self.rows.training].mean())
        weight = labels / (2 * share) + (1 - labels) / (2 * (1 - share))
        return cross_entropy(given, labels.to(self.device), weight=weight.to(self.device))

    def _rate(self, step: int) -> float:
        """The learning rate: a rise in a line, then half a cosine (Loshchilov and Hutter, ICLR 2017)."""
        each = math.ceil(len(self.rows.training) / self.how.batch)
        part = (self.epoch * each + step + 1) / (self.how.epochs * each + 1)
        return self.how.learning_rate * min(1, part / WARMING) * (1 + math.cos(math.pi * part)) / 2

    def _settle(self, some: np.ndarray) -> None:
        """Measure mean and variance of the norms anew: after few steps their running means lag behind."""
        torch = torch_here()
        norms = [one for one in self.network.modules() if isinstance(one, torch.nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean of all batches
        self.network.train()
        with torch.no_grad():
            for rows in _batches(some, self.how.batch):
                self.network(channels(self.rows.batch(rows)[0].to(self.device)))
        for norm in norms:
            norm.momentum = 0.1

    def _judge(self) -> None:
        torch = torch_here()
        self.network.eval()
        with torch.no_grad():
            found = [self.rows.batch(some) for some in _batches(self.rows.validation, self.how.batch)]
            given = torch.cat([self.network(channels(some.to(self.device))) for some, _ in found])
            truth = torch.cat([labels for _, labels in found])
            loss = float(self._loss(given, truth))
        if not math.isfinite(loss):
            raise SmaltiError(
                f"after epoch {self.epoch + 1} the network gives no numbers; give a --learning-rate below "
                f"{self.how.learning_rate:g}"
            )
        area = auroc(truth.numpy(), given.cpu().numpy())
        if (area, -loss) > (self.best_auroc, -self.best_loss):
            self.best_auroc, self.best_loss, self.best = area, loss, _copied(self.network)

    def _keep(self) -> None:
        kept = {
            "digest": self.digest,
            "epoch": self.epoch,
            "network": _copied(self.network),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "best_auroc": self.best_auroc,
            "best_loss": self.best_loss,
        }
        saved(kept, self.aside)

    def _go_on(self) -> None:
        """From what was kept, if it is of the same training."""
        if not self.aside.exists():
            return
        kept = loaded(self.aside)
        if kept["digest"] == self.digest:
            self.network.load_state_dict(kept["network"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.epoch, self.best = kept["epoch"], kept["best"]
            self.best_auroc, self.best_loss = kept["best_auroc"], kept["best_loss"]


def _first_network(how: ResnetTraining) -> tuple[Any, str]:
    """A network with the weights to begin from, and what a person should know of them."""
    network = new_network(how.seed)
    if how.weights is None:
        return network, ""
    found = read_weights(how.weights, new_head=True)
    is_whole = HEAD[0] in found
    network.load_state_dict(found, strict=is_whole)
    return network, "" if is_whole else ", with a new last layer"


def _batches(rows: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Rows in as few batches as possible, which differ by one at most."""
    yield from np.array_split(rows, math.ceil(len(rows) / most))


def _copied(network: Any) -> dict[str, Any]:
    return {key: value.detach().cpu().clone().contiguous() for key, value in network.state_dict().items()}
