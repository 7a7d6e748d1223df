"""Serve a project's page, to this machine only unless told otherwise."""

import errno
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

from smalti.core.errors import UsageError
from smalti.processing.project import Project

__all__ = ["serve"]

LOCAL = ("localhost", "127.0.0.1", "::1")


def serve(project: Project, *, port: int = 5006, address: str = "localhost", browser: bool = True) -> None:
    """Serve the page until Ctrl-C; prints its URL when it is ready.

    Parameters
    ----------
    project
        A processed project; a page opened after another run shows the new table.
    port
        Port to listen on; 0 for any free one.
    address
        Name or IP address to listen on; anything but localhost lets others in, and is said.
    browser
        Whether to open the page in the browser.

    Raises
    ------
    UsageError
        The port is taken, or the address is none of this machine's.
    """
    os.environ["BOKEH_RESOURCES"] = "server"  # before Panel is imported: pages then ask this server only
    import panel as pn

    make_page = page_maker(project)  # imports and the first look at the table happen before the URL is said
    port = port or free_port(address)
    try:
        server = pn.serve(
            {"/": make_page},
            port=port,
            address=address,
            websocket_origin=origins(address, port),
            title=project.name,
            show=False,
            start=False,
            verbose=False,
        )
    except OSError as error:
        raise UsageError(_refusal(error, address, port)) from error
    url = f"http://{address if address != '0.0.0.0' else socket.gethostname()}:{port}/"  # noqa: S104  # compared
    if address not in LOCAL:
        print(f"Note: whoever can reach {url} can see these images.", file=sys.stderr)  # noqa: T201
    print(url, flush=True)  # noqa: T201  # the one line that scripts wait for
    if browser:
        server.io_loop.add_callback(server.show, "/")
    server.run_until_shutdown()


def page_maker(project: Project) -> Callable[[], Any]:
    """A function that makes one visitor's page; the table is read again only after another run."""
    from smalti.app.content import Content
    from smalti.app.page import ProjectPage

    def stamp() -> int:
        return (project.path / "project.json").stat().st_mtime_ns

    read = {stamp(): Content.of(project)}

    def make() -> Any:
        now = stamp()
        if now not in read:
            read.clear()
            read[now] = Content.of(project)
        return ProjectPage(read[now]).__panel__()

    return make


def origins(address: str, port: int) -> list[str]:
    """Hosts whose pages may open the websocket: the names this server is known by, and no others."""
    names = set(LOCAL[:2]) | {address}
    if address in ("0.0.0.0", "::", ""):  # noqa: S104  # compared, not bound
        names |= {socket.gethostname(), socket.getfqdn()}
        names |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return sorted(f"{name}:{port}" for name in names)


def free_port(address: str) -> int:
    """A port nobody listens on now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _refusal(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; port {free_port(address)} is free: use --port {free_port(address)}"
    if error.errno == errno.EACCES:
        return f"port {port} needs rights you do not have; take one above 1023, such as {free_port(address)}"
    return f"cannot listen on {address}:{port} ({error.strerror}); give an address of this machine"
