"""``python -m smalti.cli``."""

from smalti.cli.main import main

main()
