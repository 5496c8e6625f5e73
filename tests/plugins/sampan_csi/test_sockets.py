import socket
import threading

from sampan_csi.sockets import SocketWatcher


def test_sockets_that_come_and_go_are_told_and_other_files_are_not_sockets(tmp_path, until):
    looks, others = [], set(threading.enumerate())
    watcher = SocketWatcher(tmp_path / "registry", lambda: looks.append([path.name for path in watcher.paths()]))
    watcher.start()
    try:
        until(lambda: looks[-1:] == [[]])
        (watcher.folder / "notes.txt").write_text("x")
        (watcher.folder / "fake.sock").write_text("x")
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(watcher.folder / "d-reg.sock"))
            until(lambda: looks[-1] == ["d-reg.sock"])
        (watcher.folder / "d-reg.sock").unlink()
        until(lambda: looks[-1] == [])
    finally:
        watcher.close()
    assert not any(thread.name == "csi-sockets" for thread in threading.enumerate() if thread not in others)


def test_a_failing_look_does_not_end_the_watch(tmp_path, until):
    looks = []

    def look():
        looks.append(1)
        raise ValueError("oh")

    watcher = SocketWatcher(tmp_path, look)
    watcher.start()
    try:
        until(lambda: looks)
        (tmp_path / "a").write_text("x")
        until(lambda: len(looks) > 1)
    finally:
        watcher.close()
