from __future__ import annotations

import pytest

from sampan_joining.durations import seconds


def test_durations_are_read_as_kubectl_writes_them():
    assert [seconds(text) for text in ("0", "24h", "1h30m", "90s", "1.5m", "200ms")] == [0, 86400, 5400, 90, 90, 0.2]


@pytest.mark.parametrize("text", ["", "1", "1d", "h", "1h 30m", "-1h", "one hour"])
def test_what_is_none_is_refused(text):
    with pytest.raises(ValueError, match="no duration"):
        seconds(text)
