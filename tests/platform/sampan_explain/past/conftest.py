"""A cluster whose history is long."""

from __future__ import annotations

import pytest

from sampan_testing.cluster import start


@pytest.fixture(scope="module")
def cluster():
    with start(control=False, options={"history": 3600.0}) as cluster:
        yield cluster
