from threading import Thread

from smalti.loaders._small import SMALL, forget, look, open_file, read_file


def test_a_small_file_is_read_once_and_seen_as_it_was_looked_at(tmp_path):
    path = str(tmp_path / "a.bin")
    (tmp_path / "a.bin").write_bytes(b"first")
    assert look(path, 3) == b"fir"
    (tmp_path / "a.bin").write_bytes(b"second")
    assert read_file(path) == open_file(path).read() == b"first"


def test_what_changed_is_seen_at_the_next_look_and_after_forgetting(tmp_path):
    path = str(tmp_path / "a.bin")
    (tmp_path / "a.bin").write_bytes(b"first")
    look(path, 3)
    (tmp_path / "a.bin").write_bytes(b"second")
    assert look(path, 9) == b"second"
    forget(path)
    (tmp_path / "a.bin").write_bytes(b"third")
    assert read_file(path) == b"third"


def test_a_large_file_is_not_kept(tmp_path):
    path = str(tmp_path / "a.bin")
    (tmp_path / "a.bin").write_bytes(bytes(SMALL + 1))
    assert look(path, 4) == bytes(4)
    (tmp_path / "a.bin").write_bytes(b"now")
    assert read_file(path) == b"now"


def test_another_thread_does_not_see_what_one_thread_keeps(tmp_path):
    path, seen = str(tmp_path / "a.bin"), []
    (tmp_path / "a.bin").write_bytes(b"first")
    look(path, 3)
    (tmp_path / "a.bin").write_bytes(b"second")
    thread = Thread(target=lambda: seen.append(read_file(path)))
    thread.start()
    thread.join()
    assert seen == [b"second"]
