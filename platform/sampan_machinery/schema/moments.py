"""Times as Go's time.Parse reads them, with the complaints that clients see. Source: documentation of package time."""

from __future__ import annotations

import datetime
import re

MAX_SHOWN = 80
_PLAIN, _MICRO = "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000000Z07:00"
#: The parts of both layouts: how each is shown, what it looks like, and what is out of range where its number is.
_DATE_AND_TIME = tuple(
    (shown, re.compile(pattern), what, low, high)
    for shown, pattern, what, low, high in (
        ("2006", "([0-9]{4})", "", 0, 9999),
        ("-", "-", "", 0, 0),
        ("01", "([0-9]{2})", "month", 1, 12),
        ("-", "-", "", 0, 0),
        ("02", "([0-9]{2})", "", 0, 99),  # the last day depends on the month
        ("T", "T", "", 0, 0),
        ("15", "([0-9]{1,2})", "hour", 0, 23),
        (":", ":", "", 0, 0),
        ("04", "([0-9]{2})", "minute", 0, 59),
        (":", ":", "", 0, 0),
        ("05", "([0-9]{2})", "second", 0, 59),
    )
)
_FRACTION = re.compile("[.,]([0-9]+)")
_SIX_DIGITS = re.compile("[.,]([0-9]{6})")
_ZONE = re.compile("Z|([+-])([0-9]{2}):([0-9]{2})")


def parse(text: str, *, micro: bool = False) -> datetime.datetime:
    """The moment in UTC, without a zone. ``micro`` wants a fraction of six digits. Raises ValueError."""
    rest = text
    numbers = []
    for shown, pattern, what, low, high in _DATE_AND_TIME:
        found = pattern.match(rest)
        if found is None:
            raise _unreadable(text, rest, shown, micro)
        rest = rest[found.end() :]
        if found.groups():
            number = int(found[1])
            if not low <= number <= high:
                raise _out_of_range(text, what)
            numbers.append(number)
    fraction = (_SIX_DIGITS if micro else _FRACTION).match(rest)
    if fraction is None and micro:
        raise _unreadable(text, rest, ".000000", micro)
    rest = rest[fraction.end() :] if fraction is not None else rest
    zone = _ZONE.match(rest)
    if zone is None:
        raise _unreadable(text, rest, "Z07:00", micro)
    if rest := rest[zone.end() :]:
        raise ValueError(f'parsing time "{text[:MAX_SHOWN]}": extra text: "{rest[:MAX_SHOWN]}"')
    return _moment(text, numbers, fraction[1] if fraction is not None else "", zone)


def _moment(text: str, numbers: list[int], fraction: str, zone: re.Match[str]) -> datetime.datetime:
    sign, hours, minutes = zone.groups()
    offset = datetime.timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    year, month, day, hour, minute, second = numbers
    try:
        moment = datetime.datetime(year, month, day, hour, minute, second, int(fraction[:6].ljust(6, "0")))
    except ValueError:
        raise _out_of_range(text, "day") from None
    try:
        return moment + offset if sign == "-" else moment - offset
    except OverflowError:
        raise _out_of_range(text, "year") from None


def _unreadable(text: str, rest: str, part: str, micro: bool) -> ValueError:
    shown, layout = text[:MAX_SHOWN], _MICRO if micro else _PLAIN
    return ValueError(f'parsing time "{shown}" as "{layout}": cannot parse "{rest[:MAX_SHOWN]}" as "{part}"')


def _out_of_range(text: str, what: str) -> ValueError:
    return ValueError(f'parsing time "{text[:MAX_SHOWN]}": {what} out of range')
