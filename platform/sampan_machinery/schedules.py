"""Cron schedules: parsing, and the next time that fits. Times are Unix seconds; the zone is passed in. Pure.

Source: the standard parser of robfig/cron v3, which is upstream's dialect: five fields, names, ``?``, steps, ``@every``
and the other descriptors, and either day field restricts where the other begins with a star. The library cronsim was
considered: it knows neither ``?`` nor descriptors, takes 7, ``L`` and ``#``, has Debian's rules for summer time, and
words its refusals in its own way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple, Protocol

from sampan_machinery.durations import parse_duration

_YEARS = 5  # after which a schedule counts as one that never fits


class Schedule(Protocol):
    def next(self, after: float) -> float | None:
        """The first time later than ``after``; None where there is none within five years."""


class _Bounds(NamedTuple):
    least: int
    most: int
    names: Mapping[str, int] = {}


_MINUTES = _Bounds(0, 59)
_HOURS = _Bounds(0, 23)
_DAYS = _Bounds(1, 31)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = _Bounds(1, 12, {name: at for at, name in enumerate(_MONTH_NAMES, 1)})
_WEEKDAYS = _Bounds(0, 6, {name: at for at, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))})
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def zone_of(name: str) -> tzinfo:
    """The time zone of that name. Raises ValueError."""
    if name in ("", "UTC"):
        return UTC
    from zoneinfo import ZoneInfo  # which loads the interpreter's build settings; few servers see a zone

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name}") from None


@lru_cache(512)
def parse(text: str, zone_name: str = "") -> Schedule:
    """Raises ValueError with upstream's words. ``zone_name`` counts where the text names none (``TZ=…``)."""
    if not text:
        raise ValueError("empty spec string")
    if text.startswith(("TZ=", "CRON_TZ=")):
        named, space, text = text.partition(" ")
        if not space:
            raise ValueError("invalid schedule format: runtime error: slice bounds out of range [:-1]")
        zone_name = named.partition("=")[2]
        text = text.strip()
    try:
        zone = zone_of(zone_name)
    except ValueError as error:
        raise ValueError(f"provided bad location {zone_name}: {error}") from None
    if text.startswith("@every "):
        return Interval(_interval(text))
    if text.startswith("@"):
        if text not in _DESCRIPTORS:
            raise ValueError(f"unrecognized descriptor: {text}")
        text = _DESCRIPTORS[text]
    return _calendar(text.split(), zone)


def _interval(text: str) -> float:
    try:
        seconds = parse_duration(text[len("@every ") :])
    except ValueError as error:
        raise ValueError(f"failed to parse duration {text}: {error}") from None
    return max(1.0, float(math.floor(seconds)))


def _calendar(fields: list[str], zone: tzinfo) -> Calendar:
    if len(fields) != 5:
        raise ValueError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    minutes, hours, days, months, weekdays = (
        _field(field, bounds)
        for field, bounds in zip(fields, (_MINUTES, _HOURS, _DAYS, _MONTHS, _WEEKDAYS), strict=True)
    )
    return Calendar(
        minutes.values,
        hours.values,
        days.values,
        months.values,
        weekdays.values,
        days.starred or weekdays.starred,
        zone,
    )


class _Field(NamedTuple):
    values: frozenset[int]
    starred: bool


def _field(text: str, bounds: _Bounds) -> _Field:
    values: set[int] = set()
    starred = False
    for part in filter(None, text.split(",")):
        found, star = _range(part, bounds)
        values.update(found)
        starred = starred or star
    return _Field(frozenset(values), starred)


def _range(text: str, bounds: _Bounds) -> tuple[range, bool]:
    """``number``, ``number-number`` or a star, each perhaps with ``/step``; and whether it is a star without a step."""
    span, *steps = text.split("/")
    ends = span.split("-")
    star = ends[0] in ("*", "?")
    if star:
        first, last = bounds.least, bounds.most
    elif len(ends) > 2:
        raise ValueError(f"too many hyphens: {text}")
    else:
        first = _number(ends[0], bounds.names)
        last = _number(ends[1], bounds.names) if len(ends) == 2 else first
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {text}")
    step = _number(steps[0]) if steps else 1
    if steps and len(ends) == 1:
        last = bounds.most  # "N/step" is "N-max/step"
    if first < bounds.least:
        raise ValueError(f"beginning of range ({first}) below minimum ({bounds.least}): {text}")
    if last > bounds.most:
        raise ValueError(f"end of range ({last}) above maximum ({bounds.most}): {text}")
    if first > last:
        raise ValueError(f"beginning of range ({first}) beyond end of range ({last}): {text}")
    if not step:
        raise ValueError(f"step of range should be a positive number: {text}")
    return range(first, last + 1, step), star and step == 1


_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)


def _number(text: str, names: Mapping[str, int] | None = None) -> int:
    if names and text.lower() in names:
        return names[text.lower()]
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if len(text) > 19:
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": value out of range')
    if (number := int(text)) < 0:
        raise ValueError(f"negative number ({number}) not allowed: {text}")
    return number


@dataclass(frozen=True)
class Interval:
    """``@every``: so many seconds after the last time."""

    seconds: float

    def next(self, after: float) -> float | None:
        return math.floor(after) + self.seconds


@dataclass(frozen=True)
class Calendar:
    """The five fields. ``both_days``: day of month and day of week must both fit, else one of them."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    both_days: bool
    zone: tzinfo

    def next(self, after: float) -> float | None:
        """Upstream's walk, field by field, so that changes of summer time have the same outcome: an hour that the clock
        leaves out is left out, one that it repeats fits twice."""
        if not (self.minutes and self.hours and self.months and (self.days or self.weekdays)):
            return None
        now = math.floor(after) + 1
        last_year = self._at(now).year + _YEARS
        while (at := self._at(now)).year <= last_year:
            if at.month not in self.months:
                now = self._midnight(_next_month(at))
            elif not self._day_fits(at):
                now = self._midnight(datetime(at.year, at.month, at.day) + timedelta(days=1))
            elif at.hour not in self.hours:
                now += 3600 - at.minute * 60 - at.second
            elif at.minute not in self.minutes or at.second:
                now += 60 - at.second
            else:
                return float(now)
        return None

    def _at(self, unix: int) -> datetime:
        return datetime.fromtimestamp(unix, self.zone)

    def _day_fits(self, at: datetime) -> bool:
        day, weekday = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        return day and weekday if self.both_days else day or weekday

    def _midnight(self, wall: datetime) -> int:
        """Where summer time leaves it out, the first hour that there is: later than any time of the day before."""
        unix = self._unix(wall)
        hour = self._at(unix).hour
        return unix + (24 - hour) * 3600 if hour > 12 else unix

    def _unix(self, wall: datetime) -> int:
        """As Go's time.Date chooses where a wall time exists twice or not at all."""
        as_if_utc = int(wall.replace(tzinfo=UTC).timestamp())
        offset = self._offset(as_if_utc)
        if (second := self._offset(as_if_utc - offset)) != offset:
            offset = second
        return as_if_utc - offset

    def _offset(self, unix: int) -> int:
        offset = self._at(unix).utcoffset()
        return int(offset.total_seconds()) if offset else 0


def _next_month(at: datetime) -> datetime:
    return datetime(at.year + 1, 1, 1) if at.month == 12 else datetime(at.year, at.month + 1, 1)
