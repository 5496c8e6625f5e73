from datetime import UTC, datetime

import pytest

from sampan_machinery.schedules import parse, zone_of


def next_of(text, after, zone=""):
    found = parse(text, zone).next(datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp())
    return found and datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("*/1 * * * ?", "2026-11-30 10:00:00", "2026-11-30 10:01:00"),
        ("* */1 * * ?", "2026-11-30 10:00:30", "2026-11-30 10:01:00"),
        ("30 6-16/4 * * 1-5", "2026-11-27 14:30:00", "2026-11-30 06:30:00"),
        ("0 0 1 JAN *", "2026-11-30 00:00:00", "2027-01-01 00:00:00"),
        ("15 3 * * sun,Wed", "2026-11-30 00:00:00", "2026-12-02 03:15:00"),
        ("5/20 * * * *", "2026-11-30 10:26:00", "2026-11-30 10:45:00"),
        ("0 0 13 * 5", "2026-11-30 00:00:00", "2026-12-04 00:00:00"),  # either day
        ("0 0 13 * *", "2026-11-30 00:00:00", "2026-12-13 00:00:00"),  # a star: both
        ("0 0 */2 * 5", "2026-11-30 00:00:00", "2026-12-01 00:00:00"),  # a star with a step is none
        ("0 0 29 2 *", "2026-11-30 00:00:00", "2028-02-29 00:00:00"),
        ("@hourly", "2026-11-30 10:00:00", "2026-11-30 11:00:00"),
        ("@weekly", "2026-11-30 10:00:00", "2026-12-06 00:00:00"),
        ("@yearly", "2026-11-30 10:00:00", "2027-01-01 00:00:00"),
        ("@every 1h30m", "2026-11-30 10:00:00", "2026-11-30 11:30:00"),
        ("@every 200ms", "2026-11-30 10:00:00", "2026-11-30 10:00:01"),
        ("59 23 31 2 *", "2026-11-30 10:00:00", None),
        (", * * * *", "2026-11-30 10:00:00", None),
    ],
)
def test_the_next_time_of_a_schedule(text, after, expected):
    assert next_of(text, after) == expected


def test_a_time_zone_counts_for_a_schedule():
    assert next_of("30 8 * * *", "2026-07-01 00:00:00", "Europe/Berlin") == "2026-07-01 06:30:00"
    assert next_of("TZ=America/New_York 30 8 * * *", "2026-07-01 00:00:00") == "2026-07-01 12:30:00"


def test_an_hour_that_summer_time_leaves_out_is_left_out():
    assert next_of("30 2 * * *", "2026-03-29 00:00:00", "Europe/Berlin") == "2026-03-30 00:30:00"


def test_an_hour_that_is_repeated_fits_twice():
    first = next_of("30 2 * * *", "2026-10-25 00:00:00", "Europe/Berlin")

    assert first == "2026-10-25 00:30:00"
    assert next_of("30 2 * * *", first, "Europe/Berlin") == "2026-10-25 01:30:00"


def test_a_month_whose_midnight_does_not_exist_is_not_skipped():
    assert next_of("0 3 * 10 *", "2017-09-20 00:00:00", "America/Asuncion") == "2017-10-01 06:00:00"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/2/3 * * * *", "too many slashes: */2/3"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("L * * * *", 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'),
        ("99999999999999999999 * * * *", "value out of range"),
        ("@often", "unrecognized descriptor: @often"),
        ("@every 5", 'failed to parse duration @every 5: time: missing unit in duration "5"'),
        ("TZ=Nowhere * * * * *", "provided bad location Nowhere: unknown time zone Nowhere"),
        ("TZ=0", "invalid schedule format"),
    ],
)
def test_what_is_no_schedule_is_refused_in_upstreams_words(text, message):
    with pytest.raises(ValueError) as refused:
        parse(text)

    assert message in str(refused.value)


@pytest.mark.parametrize("name", ["Nowhere", "../../etc/passwd", "Europe", "\0"])
def test_what_is_no_time_zone_is_refused(name):
    with pytest.raises(ValueError, match="unknown time zone"):
        zone_of(name)
