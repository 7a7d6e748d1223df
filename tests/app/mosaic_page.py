"""A page with nothing but a mosaic, driven over stdin: a line is a wish, the answer what Python knows."""

import json
import os
import sys
from functools import partial
from threading import Thread
from typing import Any

os.environ["BOKEH_RESOURCES"] = "server"

import panel as pn

import smalti
from smalti.app.content import Content
from smalti.app.session import Session
from smalti.app.views.mosaic import MosaicView
from smalti.widgets.look import Look

content = Content.of(smalti.open(sys.argv[1]))
sessions: list[Session] = []


def make() -> Any:
    session = Session(content)
    session.state.group_by = "condition"
    session.document = pn.state.curdoc
    sessions.append(session)
    view = MosaicView(session, look=Look(tile=int(sys.argv[3])))
    pn.state.onload(view.start)
    return pn.Column(view, sizing_mode="stretch_width", min_height=700)


def obey(session: Session, wish: dict[str, Any]) -> None:
    """Do what is asked, on the session's event loop, and say how things stand."""
    if "select" in wish:
        session.state.select_rows(wish["select"], how="code")
    if "update" in wish:
        session.state.update(**wish["update"])
    if "where" in wish:
        session.state.add_expression(wish["where"])
    if wish.get("clear"):
        session.state.clear_filters()
    rows = session.state.snapshot().picked.nonzero()[0].tolist()
    sys.stdout.write(json.dumps({"selected": rows, "opened": session.opened}) + "\n")
    sys.stdout.flush()


def listen() -> None:
    for line in sys.stdin:
        session = sessions[-1]
        session.document.add_next_tick_callback(partial(obey, session, json.loads(line)))


Thread(target=listen, daemon=True).start()
pn.serve({"/": make}, port=int(sys.argv[2]), show=False, verbose=False, address="localhost")
