import pytest

from sampan_machinery.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400), ("1.5s", 1.5), ("-2m", -120), ("+3ms", 0.003), ("0", 0), (".5h", 1800), ("1h1h", 7200)],
)
def test_a_duration_in_seconds(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'invalid duration ""'),
        ("5", 'missing unit in duration "5"'),
        ("5y", 'unknown unit "y" in duration "5y"'),
        (".s", 'invalid duration ".s"'),
        ("9999999999h", "invalid duration"),
    ],
)
def test_what_is_no_duration_is_refused(text, message):
    with pytest.raises(ValueError) as refused:
        parse_duration(text)

    assert message in str(refused.value)
