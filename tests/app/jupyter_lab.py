"""A real JupyterLab with settings of its own, over one notebook."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def jupyter_lab(notebook: Path, home: Path, wait_for: Callable[[str, Any], None]) -> Iterator[str]:
    """The URL of a copy of the notebook, until the block ends."""
    shutil.copy(notebook, home)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "RUNTIME", "DATA")}
    own["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    asks = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    asks.parent.mkdir(parents=True)
    asks.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    options = [f"--port={port}", "--no-browser", "--allow-root", "--IdentityProvider.token="]
    command = [sys.executable, "-m", "jupyterlab", str(home), *options]
    with subprocess.Popen(
        command, env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            url = f"http://localhost:{port}/lab/tree/{notebook.name}"
            wait_for(url, server)
            yield url
        finally:
            server.terminate()
