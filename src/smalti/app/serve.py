"""Serve a project's page, to this machine only unless told otherwise."""

import errno
import logging
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from smalti.core.errors import UsageError
from smalti.processing.project import Project
from smalti.processing.project import open as open_project

__all__ = ["guarded", "serve", "serve_pages", "show_in_document"]

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
    _prepare()
    make_page = page_maker(project)  # imports and the first look at the table happen before the URL is said
    serve_pages(make_page, project.name, port=port, address=address, browser=browser)


def serve_pages(
    make_page: Callable[[], Any],
    title: str,
    *,
    port: int = 5006,
    address: str = "localhost",
    browser: bool = True,
) -> None:
    """Serve what a function makes, a page for each visitor, until Ctrl-C; see `serve`."""
    _prepare()
    import panel as pn

    try:
        port = usable_port(address, port)
        server = pn.serve(
            {"/": make_page},
            port=port,
            address=address,
            websocket_origin=origins(address, port),
            title=title,
            show=False,
            start=False,
            verbose=False,
        )
    except OSError as error:
        raise UsageError(_refusal(error, address, port)) from error
    url = f"http://{address if address != '0.0.0.0' else socket.gethostname()}:{port}/"  # noqa: S104  # compared
    if address not in LOCAL:
        print(f"Note: whoever can reach {url} can see these images.", file=sys.stderr)  # noqa: T201
    if browser:
        server.io_loop.add_callback(server.show, "/")
    run(server, url)


def _prepare() -> None:
    """Have pages ask this server only; before Panel is imported."""
    os.environ["BOKEH_RESOURCES"] = "server"
    # BokehJS sends a model whole when it first speaks of one that came after the page did; nothing is wrong.
    warnings.filterwarnings("ignore", "reference already known")


def run(server: Any, url: str) -> None:
    """Serve until Ctrl-C or SIGTERM, either of which may come as soon as the URL is said.

    Bokeh's own way prints first, and goes on for ever when whoever read that has gone.
    """
    server.start()
    logging.getLogger("bokeh.server.views.ws").setLevel(logging.ERROR)  # it warns of every window closed
    server.io_loop.asyncio_loop.set_exception_handler(_report)
    if os.name == "posix":
        server.io_loop.asyncio_loop.add_signal_handler(signal.SIGTERM, server.io_loop.stop)
    with suppress(KeyboardInterrupt):
        print(url, flush=True)  # noqa: T201  # the one line that scripts wait for
        server.io_loop.start()
    server.stop()


def _report(loop: Any, context: dict[str, Any]) -> None:
    """Say what went wrong on the event loop, less that somebody closed a window while it was written to."""
    from tornado.websocket import WebSocketClosedError

    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def page_maker(project: Project) -> Callable[[], Any]:
    """A function that makes one visitor's page; the table is read again only after another run."""
    from smalti.app.address import state_asked_for
    from smalti.app.content import Content
    from smalti.app.page import ProjectPage
    from smalti.app.session import Session

    def stamp() -> int:
        return (project.path / "project.json").stat().st_mtime_ns

    read = {stamp(): Content.of(project)}

    def make() -> Any:
        now = stamp()
        if now not in read:
            read.clear()
            read[now] = Content.of(project)
        content = read[now]
        state, trouble = state_asked_for(content.table)
        return ProjectPage(Session(content, state), said=trouble).__panel__()

    return guarded(make, str(project.path))


def guarded(make: Callable[[], Any], of: str) -> Callable[[], Any]:
    """A function that makes a page of something, or says that it cannot, as all that a visitor may know."""

    def made() -> Any:
        try:
            return make()
        except Exception:  # Panel would show the traceback, with paths of this machine, to every visitor
            logging.getLogger(__name__).exception("the page of %s could not be made", of)
            return "The page could not be made; the terminal it is served from says why."

    return made


def show_in_document(arguments: Sequence[str]) -> None:
    """Put a visitor's page into the document that ``panel serve`` makes for one.

    Parameters
    ----------
    arguments
        What stands after ``--args``: one project folder.
    """
    _prepare()
    import panel as pn

    if len(arguments) != 1:
        given = " ".join(arguments) or "nothing"
        pn.panel(f"Give one project after --args, such as: --args X.smalti (found: {given})").servable()
        return
    path = Path(arguments[0])
    make = pn.state.as_cached(f"smalti {path.resolve()}", lambda: page_maker(open_project(path)))
    pn.panel(make()).servable()


def origins(address: str, port: int) -> list[str]:
    """Hosts whose pages may open the websocket: the names this server is known by, and no others."""
    names = set(LOCAL[:2]) | {address}
    if address in ("0.0.0.0", "::", ""):  # noqa: S104  # compared, not bound
        names |= {socket.gethostname(), socket.getfqdn()}
        names |= {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return sorted(f"{name}:{port}" for name in names)


def usable_port(address: str, port: int) -> int:
    """The port, or a free one for 0; raises OSError as Bokeh does, which leaves its socket open then."""
    found = socket.getaddrinfo(address, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # Only IPv4 where there is both: "localhost" often names ::1 on machines that have IPv6 switched off.
    hosts = [entry for entry in found if entry[0] == socket.AF_INET] or found
    for family, *_, host in hosts:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # elsewhere it would let two programs have one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host[0], port))
            port = int(probe.getsockname()[1])
    return port


def _refusal(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; a free one: --port {usable_port(address, 0)}"
    if error.errno == errno.EACCES:
        return f"port {port} needs rights you do not have; a free one: --port {usable_port(address, 0)}"
    return f"cannot listen on {address}:{port} ({error.strerror}); give an address of this machine"
