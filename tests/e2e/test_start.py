"""docs/start.md, walked as a newcomer would walk it: every command, in order, on a fresh checkout."""

from __future__ import annotations

import os

import guide
import pytest
from clusters import free_port

NUMBER = 107  # Service addresses and node ports of this cluster's own


@pytest.fixture
def walked(tmp_path, tools):
    """What the newcomer saw."""
    home = tmp_path / "home"
    (home / ".sampan").mkdir(parents=True)
    first = 10 if os.geteuid() == 0 else 127
    (home / ".sampan" / "sampan.yaml").write_text(
        f"api: {{port: {free_port()}}}\nnode: {{runtime: exec, name: start}}\nnetwork: {{service_cidr: "
        f"{first}.{NUMBER}.0.0/16, node_ports: {30000 + NUMBER * 10}-{30009 + NUMBER * 10}}}\n"
    )
    checkout = guide.checkout(tmp_path / "sampan")
    try:
        yield guide.run(guide.script((checkout / "docs" / "start.md").read_text()), checkout, home, tools)
    finally:
        guide.run("sampan down", checkout, home, tools)


def test_every_command_of_the_start_page_works(walked):
    assert "answer   guestbook: hello from" in walked
