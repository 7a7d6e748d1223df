"""ES-module widgets over the table: each a Python file beside its script."""
