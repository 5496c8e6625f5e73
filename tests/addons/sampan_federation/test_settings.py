from __future__ import annotations

import pytest

from sampan.errors import ConfigError
from sampan_federation.settings import Settings


def test_a_lost_member_is_given_minutes_by_default():
    assert Settings().failure_seconds < Settings().eviction_seconds == 300


@pytest.mark.parametrize("given", [{"probe_seconds": 0}, {"eviction_seconds": -1}, {"answer_bytes": 1}])
def test_nonsense_is_refused_with_its_name(given):
    with pytest.raises((ConfigError, ValueError), match=next(iter(given))):
        Settings(**given)
