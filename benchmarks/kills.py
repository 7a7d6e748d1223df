"""Ten kills of driver and worker, with each engine, at random moments: the table must not differ."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"


def killed(tests: Path, repeats: int, output: int | None = None) -> int:
    """Run tests that kill, each so many times; pytest's exit code. `output` is where its text goes."""
    env = os.environ | {"SMALTI_REPEATS": str(repeats)}
    command: list[str | Path] = [sys.executable, "-m", "pytest", "-q", tests]
    return subprocess.run(command, env=env, stdout=output, check=False).returncode


def main() -> int:
    """Run the kill tests with the full count; the exit code is pytest's."""
    return killed(TESTS / "processing" / "test_kills.py", int(os.environ.get("SMALTI_REPEATS", "10")))


if __name__ == "__main__":
    sys.exit(main())
