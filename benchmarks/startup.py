"""What starting costs: `import smalti` and `smalti --help`, against the limit of 0.4 s."""

import statistics
import sys

from meter import measure

LIMIT = 0.4
ASKED = {
    "import smalti": [sys.executable, "-c", "import smalti"],
    "smalti --help": [sys.executable, "-m", "smalti.cli", "--help"],
}
BARE = {"python -c pass": [sys.executable, "-c", "pass"]}


def measured(runs: int = 9) -> dict[str, float]:
    """Seconds of wall time of each command, the median of several runs."""
    return {
        name: statistics.median(measure(command).wall for _ in range(runs))
        for name, command in (BARE | ASKED).items()
    }


def main() -> None:
    """Print the median of nine runs each."""
    print("| command | wall s | share of the limit |")
    print("|---|---:|---:|")
    for name, wall in measured().items():
        print(f"| `{name}` | {wall:.3f} | {wall / LIMIT:.2f} |")


if __name__ == "__main__":
    main()
