"""What starting costs: `import smalti` and `smalti --help`, against the limit of 0.4 s."""

import statistics
import sys

from meter import measure

LIMIT = 0.4
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import smalti": [sys.executable, "-c", "import smalti"],
    "smalti --help": [sys.executable, "-m", "smalti.cli", "--help"],
}


def main() -> None:
    """Print the median of nine runs each."""
    print("| command | wall s | share of the limit |")
    print("|---|---:|---:|")
    for name, command in COMMANDS.items():
        wall = statistics.median(measure(command).wall for _ in range(9))
        print(f"| `{name}` | {wall:.3f} | {wall / LIMIT:.2f} |")


if __name__ == "__main__":
    main()
