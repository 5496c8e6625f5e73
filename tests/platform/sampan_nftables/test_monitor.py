"""A table that is removed by another program, in a network namespace of the test's own."""

from __future__ import annotations

import os
import struct
import subprocess
import threading
import uuid

import pytest
from spaces import InSpace, Space

from sampan_nftables.monitor import TableMonitor, changes


def message(kind, family, name):
    text = name.encode() + b"\0"
    attribute = struct.pack("=HH", 4 + len(text), 1) + text
    body = struct.pack("=BBH", family, 0, 0) + attribute + b"\0" * (-len(attribute) % 4)
    return struct.pack("=IHHII", 16 + len(body), (10 << 8) | kind, 0, 0, 0) + body


def test_only_messages_about_the_named_table_count():
    data = message(2, 1, "mine") + message(2, 2, "other") + message(0, 7, "mine") + message(12, 1, "mine")
    assert list(changes(data, "mine")) == [(False, "inet"), (True, "bridge")]


@pytest.mark.parametrize("data", [b"", b"\0" * 40, message(2, 1, "mine")[:-9], b"\xff" * 64])
def test_what_is_cut_off_is_passed_over(data):
    assert list(changes(data, "mine")) == []


@pytest.fixture
def space():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    found = Space(f"mo{uuid.uuid4().hex[:6]}")
    yield found
    found.remove()


@pytest.mark.root
def test_a_flush_by_another_program_is_noticed_and_a_table_that_is_replaced_is_not(space):
    kernel, lost = space.do(lambda: InSpace(space)), threading.Event()
    kernel.run("add table inet mine\n")
    monitor = TableMonitor("mine", lost.set)
    assert space.do(monitor.start)
    try:
        kernel.run("add table inet other\ndelete table inet other\n")
        kernel.run("add table inet mine\ndelete table inet mine\nadd table inet mine\n")
        assert not lost.wait(1)

        subprocess.run(["ip", "netns", "exec", space.name, "nft", "flush", "ruleset"], check=True, timeout=20)
        assert lost.wait(20)
    finally:
        monitor.stop()
