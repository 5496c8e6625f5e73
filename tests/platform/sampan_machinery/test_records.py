from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from sampan.errors import ConfigError
from sampan_machinery import records

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True)
class Tls:
    cert: Path = Path("tls.crt")
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Server:
    port: int = 80
    share: float = 0.5
    tls: Tls = field(default_factory=Tls)
    level: Literal["low", "high"] = "low"
    limit: int | None = None
    weights: Mapping[str, int] = field(default_factory=dict)
    steps: Sequence[float] = ()
    anything: Any = None
    made: int = field(default=0, init=False)


def test_what_is_not_named_keeps_its_default():
    assert records.record(Server, {}) == Server()
    assert records.record(Server, {"tls": {"names": ["a"]}}) == Server(tls=Tls(names=("a",)))


def test_values_become_the_fields_types():
    data = {"share": 1, "tls": {"cert": "x.crt"}, "limit": None, "weights": {"a": 1}, "steps": [1], "anything": ["b"]}

    found = records.record(Server, data)

    assert (found.share, found.tls.cert, found.steps, found.anything) == (1.0, Path("x.crt"), (1.0,), ("b",))
    assert type(found.share) is float


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"prot": 1}, "s.prot is not a setting (did you mean 'port'?)"),
        ({"made": 1}, "s.made is not a setting"),
        ({1: 1}, "s.1 is not a setting"),
        ({"tls": {"crt": ""}}, "s.tls.crt is not a setting (did you mean 'cert'?)"),
        ({"tls": 3}, "s.tls must be a mapping, not 3"),
        ({"tls": {"cert": 3}}, "s.tls.cert must be text, not 3"),
        ({"tls": {"names": "a"}}, "s.tls.names must be a list of words, not 'a'"),
        ({"tls": {"names": [1]}}, "s.tls.names must be a list of words, not [1]"),
        ({"port": 1.0}, "s.port must be a whole number, not 1.0"),
        ({"port": True}, "s.port must be a whole number, not True"),
        ({"share": True}, "s.share must be a number, not True"),
        ({"share": 10**400}, "s.share: Number out of range"),
        ({"level": "mid"}, "s.level must be 'low' or 'high', not 'mid'"),
        (
            {"limit": datetime.date(2001, 1, 1)},
            "s.limit must be a whole number or empty, not datetime.date(2001, 1, 1)",
        ),
        ({"weights": {"a": "b"}}, "a value of s.weights must be a whole number"),
        ({"weights": {1: 1}}, "a key of s.weights must be text"),
        ({"weights": "x" * 200}, f"s.weights must be a mapping, not '{'x' * 99}…"),
        ({"steps": [0.5, "x"]}, "s.steps[1] must be a number"),
    ],
)
def test_what_is_wrong_is_named_by_its_path_and_what_is_expected(data, sentence):
    with pytest.raises(ConfigError) as refused:
        records.record(Server, data, "s.")

    assert str(refused.value) == sentence


@dataclass(frozen=True)
class Odd:
    price: Decimal | None = None


def test_a_type_that_is_not_known_at_run_time_is_its_authors_fault_and_said_so():
    assert records.record(Odd, {}, "plugins.x.") == Odd()
    with pytest.raises(ConfigError, match=r"plugins.x cannot be set: its record Odd names a type .*'Decimal'"):
        records.record(Odd, {"price": 1}, "plugins.x.")


@dataclass(frozen=True)
class Complex:
    number: complex = 0j
    either: int | Path = 0


@pytest.mark.parametrize("data", [{"number": 1}, {"either": 1}])
def test_a_type_that_settings_cannot_have_is_said_so(data):
    with pytest.raises(ConfigError, match=r"s\.(number|either)"):
        records.record(Complex, data, "s.")
