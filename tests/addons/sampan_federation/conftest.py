from __future__ import annotations

from collections.abc import Iterator

import pytest
from fleets import Fleet, fleet_of


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with fleet_of() as found:
        yield found
