from __future__ import annotations

import os
import select

import pytest

from sampan_sqlite.peer_notifier import PeerNotifier


@pytest.fixture
def path(tmp_path):
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    return str(deep / "store.db")


def test_a_notice_wakes_the_others_and_not_oneself(path):
    one, two = PeerNotifier(path), PeerNotifier(path)
    one.tell()

    assert select.select([one, two], [], [], 0)[0] == [two]
    two.clear()
    assert select.select([one, two], [], [], 0)[0] == []
    one.close()
    two.close()


def test_what_a_killed_process_left_is_swept(path):
    gone, here = PeerNotifier(path), PeerNotifier(path)
    gone._socket.close()  # as the kernel does when a process dies
    here.tell()

    assert os.listdir(f"{path}-peers") == [here._name]
    os.close(gone._directory)
    here.close()
    assert os.listdir(f"{path}-peers") == []
