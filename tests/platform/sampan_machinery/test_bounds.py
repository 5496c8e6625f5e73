import pytest

from sampan_machinery.bounds import seconds, span


@pytest.mark.parametrize(
    ("text", "found"), [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("1", 0), ("", 0), ("h", 0)]
)
def test_times_are_a_number_and_a_unit(text, found):
    assert seconds(text) == found


def test_a_time_has_bounds():
    check = span("1m", "1h")

    assert check("30m") == check("60m") == ""
    assert check("2h").startswith("must be 1m to 1h")
