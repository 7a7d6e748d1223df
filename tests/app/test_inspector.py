"""The inspector over a real project, driven as the browser does: rows opened, sliders moved, files gone."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

import smalti
from smalti.app.content import Content
from smalti.app.facts import facts, heading, metadata_tree, metrics
from smalti.app.inspector import Inspector
from smalti.app.latest import Latest
from smalti.app.session import Session
from smalti.app.shot import Wish, take
from smalti.core.axes import PlaneIndex
from smalti.core.image import Image, ImageRef
from smalti.core.progress import Silent
from smalti.processing.project import Project


@pytest.fixture(scope="module")
def content(demo: Project) -> Content:
    return Content.of(demo)


def inspect(content: Content) -> Inspector:
    """Made where no event loop runs, as in a script; Playwright leaves one running in this thread."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(lambda: Inspector(Session(content))).result()


@pytest.fixture
def inspector(content: Content) -> Inspector:
    return inspect(content)


def row_where(content: Content, where: str) -> int:
    return int(np.flatnonzero(content.table.holds(where))[0])


def pixels(inspector: Inspector) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(inspector.plane.pixels)))


def windowed(plane: np.ndarray) -> np.ndarray:
    low, high = np.percentile(plane, (0.1, 99.9))
    return np.rint(255 * np.clip((plane - low) / (high - low), 0, 1))


def test_nothing_is_open_at_first(inspector: Inspector) -> None:
    assert inspector.plane.empty == "Click an image to see it here"
    assert inspector.plane.pixels == b""


def test_an_opened_stack_shows_its_middle_plane_and_sliders_for_what_it_has(inspector: Inspector) -> None:
    session, content = inspector.session, inspector.session.content
    session.opened = row_where(content, "size_z > 1 and size_c > 1")
    image = content.project.image(content.images["image_id"][session.opened])
    middle = image.sizes["Z"] // 2
    assert np.abs(pixels(inspector) - windowed(image.read(c=0, z=middle))).max() <= 1
    assert (inspector.picker.z.visible, inspector.picker.c.visible, inspector.picker.t.visible) == (
        True,
        True,
        False,
    )
    assert (inspector.picker.z.value, inspector.picker.z.end) == (middle, image.sizes["Z"] - 1)


def test_sliders_turn_to_the_plane_they_say(inspector: Inspector) -> None:
    session, content = inspector.session, inspector.session.content
    session.opened = row_where(content, "size_z > 1 and size_c > 1")
    inspector.picker.z.value = 0
    inspector.picker.c.value = 1
    image = content.project.image(content.images["image_id"][session.opened])
    assert inspector.picker.index == PlaneIndex(0, 1, 0)
    assert np.abs(pixels(inspector) - windowed(image.read(c=1, z=0))).max() <= 1


def test_a_window_set_by_hand_stays_for_the_next_image_and_auto_brings_its_own_back(
    inspector: Inspector,
) -> None:
    inspector.session.opened = row_where(inspector.session.content, 'dtype == "uint16" and n_planes == 1')
    own = inspector.contrast.window
    inspector.contrast._slider.value = (own[0], own[1] / 2)
    by_hand = pixels(inspector).mean()
    inspector.step(1)
    assert inspector.contrast.window == (own[0], own[1] / 2)
    inspector.step(-1)
    inspector.contrast.auto = True
    assert inspector.contrast.window == own
    assert pixels(inspector).mean() < by_hand


def test_next_and_previous_follow_the_order_chosen_and_stop_at_its_ends(inspector: Inspector) -> None:
    session = inspector.session
    session.state.update(sort_by="mean", descending=True)
    order = session.state.snapshot().order
    session.opened = int(order[0])
    inspector.step(-1)
    assert session.opened == order[0]
    inspector.step(1)
    assert session.opened == order[1]
    assert "2 of 100" in inspector._head.markup


def test_the_pointer_is_answered_with_the_stored_value(inspector: Inspector) -> None:
    session, content = inspector.session, inspector.session.content
    session.opened = row_where(content, 'dtype == "uint16" and n_planes == 1')
    stored = content.project.image(content.images["image_id"][session.opened]).read()
    inspector.plane._handle_msg({"x": 7, "y": 3})
    assert inspector.plane.value["said"].endswith(f"{stored[3, 7]:,}")
    inspector.plane._handle_msg({"x": 10_000, "y": 3})
    assert inspector.plane.value["said"] == ""


def test_a_file_that_cannot_be_read_is_explained(inspector: Inspector) -> None:
    content = inspector.session.content
    inspector.session.opened = row_where(content, 'status == "unreadable"')
    assert inspector.trouble
    assert inspector.plane.pixels == b""
    inspector.session.opened = row_where(content, 'status == "ok"')
    assert inspector.trouble == ""


def test_a_file_that_vanished_leaves_its_thumbnail(tmp_path: Path) -> None:
    file = tmp_path / "images" / "a.tif"
    file.parent.mkdir()
    tifffile.imwrite(file, np.arange(256 * 256, dtype=np.uint16).reshape(256, 256))
    project = smalti.process(file.parent, output=tmp_path / "p.smalti", progress=Silent())
    file.unlink()
    inspector = inspect(Content.of(project))
    inspector.session.opened = 0
    assert "a.tif is not at" in inspector.trouble
    assert inspector.plane.media == "image/jpeg"
    assert max(pixels(inspector).shape) == 128


def test_an_image_known_by_its_metadata_says_so(content: Content) -> None:
    image = Image(ImageRef("", "a.xyz"), "", (), None)
    shot = take(Wish(0, content.images["image_id"][0], image=image), content.project)
    assert "metadata only" in shot.trouble
    assert shot.data.startswith(b"\xff\xd8")  # the thumbnail


def test_all_that_files_state_is_escaped(content: Content) -> None:
    evil = "<img src=x onerror=alert(1)>"
    row = content.images.row(0, named=True) | {
        "name": evil,
        "dtype": evil,
        "axes": evil,
        "status": evil,
        "metadata": f'{{"{evil}.{evil}": "{evil}"}}',
        evil: evil,
    }
    shown = heading(row) + facts(row) + metrics(row, content.columns) + metadata_tree(row)
    assert "<img" not in shown


def test_a_plane_that_does_not_exist_any_more_becomes_the_last_there_is(content: Content) -> None:
    row = row_where(content, "size_t > 1")
    wish = Wish(row, content.images["image_id"][row], index=PlaneIndex(10_000, 0, 0))
    shot = take(wish, content.project)
    assert shot.picture is not None
    assert shot.picture.index.t == content.images["size_t"][row] - 1


def test_of_what_a_slider_runs_through_only_the_last_is_read() -> None:
    read: list[int] = []
    shown: list[int] = []

    def job(number: int) -> int:
        sleep(0.05)
        read.append(number)
        return number

    async def drag() -> None:
        latest: Latest[int] = Latest(shown.append)
        for number in range(50):
            latest.ask(lambda number=number: job(number))  # type: ignore[misc]
        while latest.busy:
            await asyncio.sleep(0.01)

    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(lambda: asyncio.run(drag())).result()
    assert read == shown == [0, 49]
