"""The training of a ResNet34, epoch by epoch, and what of it is kept aside for the case of a kill."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from smalti.core.errors import SmaltiError, UsageError
from smalti.curation.learning.auroc import auroc
from smalti.curation.network.pictures import channels
from smalti.curation.network.rows import SETTLING, ResnetTraining, Rows, batches
from smalti.curation.network.torch_use import device_of, torch_here
from smalti.curation.network.varied import varied
from smalti.curation.network.weight_file import HEAD, loaded, new_network, read_weights, saved

__all__ = ["Course"]

WARMING = 0.1
"""Part of the steps in which the learning rate grows to its full height."""

Told = Callable[[int, int, float], None]
"""Takes the epoch, how many patches of it were seen, and the best AUROC so far, -1 before there is one."""


@dataclass(slots=True)
class Course:
    """A training under way.

    Parameters
    ----------
    rows, how
        What is learned from, and how.
    aside
        The file that keeps it after each epoch: weights, state of the optimiser, the best so far.
    device, network, optimizer
        Of torch.
    digest
        Tells it from another training; see `Rows.digest`.
    note
        What a person should know of its first weights.
    epoch
        How many are done.
    best, best_auroc, best_loss
        The weights that did best on the validation patches, and how well.
    """

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

    def learn(self, told: Told) -> None:
        """See each training patch once more, judge the outcome, and keep all aside."""
        random = np.random.default_rng([self.how.seed, self.epoch])
        order = random.permutation(self.rows.training)
        done = 0
        with torch_here().backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            for step, some in enumerate(batches(order, self.how.batch)):
                told(self.epoch, done, self.best_auroc)
                self._step(some, step, random)
                done += len(some)
            self._settle(order[:SETTLING])
            self._judge()
        told(self.epoch, done, self.best_auroc)
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
            for rows in batches(some, self.how.batch):
                self._asked(rows)
        for norm in norms:
            norm.momentum = 0.1

    def _judge(self) -> None:
        torch = torch_here()
        self.network.eval()
        with torch.no_grad():
            found = [self._asked(some) for some in batches(self.rows.validation, self.how.batch)]
            given, truth = (torch.cat(values) for values in zip(*found, strict=True))
            loss = float(self._loss(given, truth))
        if not math.isfinite(loss):
            raise SmaltiError(
                f"after epoch {self.epoch + 1} the network gives no numbers; give a larger --batch than "
                f"{self.how.batch}, other --weights to begin with, or another --seed"
            )
        area = auroc(truth.numpy(), given.cpu().numpy())
        if (area, -loss) > (self.best_auroc, -self.best_loss):
            self.best_auroc, self.best_loss, self.best = area, loss, _copied(self.network)

    def _asked(self, some: np.ndarray) -> tuple[Any, Any]:
        """What the network gives for rows, and their labels."""
        found, labels = self.rows.batch(some)
        return self.network(channels(found.to(self.device))), labels

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
        try:
            kept = loaded(self.aside)
        except UsageError:  # the disk lost some of it
            return
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


def _copied(network: Any) -> dict[str, Any]:
    return {key: value.detach().cpu().clone().contiguous() for key, value in network.state_dict().items()}
