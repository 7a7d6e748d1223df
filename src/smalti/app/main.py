"""The page as a script for ``panel serve``: ``panel serve $(smalti app-path) --args PROJECT.smalti``."""

import sys

from smalti.app.serve import show_in_document

show_in_document(sys.argv[1:])
