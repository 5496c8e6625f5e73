import pytest

from sampan.errors import BadRequest
from sampan_metrics.durations import duration, moment


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("1.5h", 5400), ("2d", 172_800), ("0s", 0)])
def test_a_duration_is_a_number_with_its_unit(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "1w", "-5m", "1h30m", "٣m", "1e3s", "9" * 13 + "s"])
def test_anything_else_is_refused_with_examples(text):
    with pytest.raises(BadRequest, match="is not a duration such as 30s, 15m"):
        duration(text)


def test_a_moment_is_since_the_epoch_or_so_long_ago():
    assert moment("1800000000.5", 0) == 1_800_000_000.5
    assert moment("90s", 1000) == 910
    with pytest.raises(BadRequest):
        moment("yesterday", 0)
