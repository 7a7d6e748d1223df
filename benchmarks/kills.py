"""Ten kills of driver and worker, with each engine, at random moments: the table must not differ."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests" / "processing" / "test_kills.py"


def main() -> int:
    """Run the kill tests with the full count; the exit code is pytest's."""
    env = os.environ | {"SMALTI_REPEATS": os.environ.get("SMALTI_REPEATS", "10")}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", TESTS], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
