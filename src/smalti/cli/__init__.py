"""The command ``smalti``: each command calls one verb of the library and prints what it gives."""
