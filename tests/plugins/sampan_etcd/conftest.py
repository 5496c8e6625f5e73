"""Real etcds on free loopback ports: one member for the whole session, more where a test asks for them."""

from __future__ import annotations

import pytest
from etcds import start_members


@pytest.fixture(scope="session")
def etcd(tmp_path_factory):
    """One member that all tests share, each under a prefix of its own."""
    members = start_members(tmp_path_factory.mktemp("etcd"), 1)
    yield members[0]
    for member in members:
        member.stop()
