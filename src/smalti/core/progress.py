"""How a long run tells where it is: a protocol, a silent one, and rich bars made on use."""

import sys
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Progress", "RichProgress", "Silent", "State"]


@dataclass(frozen=True, slots=True)
class State:
    """Where a run is.

    Parameters
    ----------
    done, total
        Files finished, and files in all.
    failed
        Images so far that are not ``ok``.
    seconds
        Time since the run began.
    message
        What is happening now, when it is not plain measuring.
    """

    done: int
    total: int
    failed: int = 0
    seconds: float = 0.0
    message: str = ""

    @property
    def rate(self) -> float:
        """Files a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until done at the present rate; None before the first file."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


class Progress(Protocol):
    """What a run calls: `update` many times, `close` once, also after a failure."""

    def update(self, state: State) -> None:
        """Show where the run is; cheap, may be called often."""

    def close(self) -> None:
        """Leave the screen tidy."""


class Silent:
    """Shows nothing."""

    def update(self, state: State) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class RichProgress:
    """A bar with rate, time left and failures, in a terminal (stderr) or a notebook; nothing elsewhere."""

    def __init__(self) -> None:
        self._bars = _bars() if _is_seen() else None

    def update(self, state: State) -> None:
        """Move the bar and its facts; the first call shows it."""
        if self._bars is None:
            return
        self._bars.start()
        self._bars.update(
            self._bars.task_ids[0],
            description=state.message or "measuring",
            completed=state.done,
            total=state.total,
            facts=facts(state),
        )

    def say(self, text: str) -> None:
        """Show some lines that stay."""
        if self._bars is None:
            sys.stderr.write(f"{text}\n")
        else:
            self._bars.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Take the bar away."""
        if self._bars is not None:
            self._bars.live.stop()  # `Progress.stop` would leave an empty line where there is no terminal


def _is_seen() -> bool:
    """Whether bars would be seen; rich, which draws them, takes 85 ms to import."""
    return sys.stderr.isatty() or "IPython" in sys.modules


def _bars() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
        console=Console(stderr=True),
        transient=True,
    )
    bars.add_task("measuring", total=None, facts="")
    return bars


def facts(state: State) -> str:
    """Rate, time left and failures, as a person would say them."""
    parts = [f"{state.rate:,.0f} files/s" if state.rate >= 10 else f"{state.rate:.1f} files/s"]
    if state.seconds_left is not None:
        parts.append(f"{duration(state.seconds_left)} left")
    parts.append(f"{state.failed} failed")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """``"45 s"``, ``"12 min"``, ``"3 h 5 min"``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
