"""Names, lists and configuration that several kinds of devices share. Source: resource validation (meaning, words)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_devices import limits
from sampan_machinery import names
from sampan_machinery.problems import duplicate, invalid, required, too_long, too_many, unsupported
from sampan_machinery.validation import by_rule, validate_driver_name

Check = Callable[[str, Any], Iterator[Problem]]
KeyOf = Callable[[Any], Hashable]

TAINT_EFFECTS = ("NoExecute", "NoSchedule", "None")
TOLERATION_OPERATORS = ("Equal", "Exists")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANY_UUID = re.compile(r"(?i:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_UUID_FORM = (
    "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal "
    "characters"
)
_KEY_SHOWN = limits.DOMAIN + 1 + limits.IDENTIFIER


def items(
    path: str, found: Sequence[Any] | None, most: int, check: Check, key: KeyOf | None = None
) -> Iterator[Problem]:
    """A list of at most so many (-1: any), each of which is checked; with ``key`` each of them once. One that is too
    long is not looked into."""
    found = found or ()
    if 0 <= most < len(found):
        yield too_many(path, len(found), most)
        return
    for index, item in enumerate(found):
        yield from check(f"{path}[{index}]", item)
    if key is not None:
        yield from repeated(path, [key(item) for item in found])


def repeated(path: str, keys: Sequence[Hashable], show: Callable[[Any], Any] = lambda key: key) -> Iterator[Problem]:
    """Each key once; ``show`` makes of a key what is shown of it."""
    seen = set()
    for index, key in enumerate(keys):
        if key in seen:
            yield duplicate(f"{path}[{index}]", show(key))
        seen.add(key)


def entries(
    path: str, found: Mapping[str, Any] | None, most: int, check_key: Check, check: Check, *, shown: int = _KEY_SHOWN
) -> Iterator[Problem]:
    """The same for a map. Keys are cut to ``shown`` characters in paths."""
    found = found or {}
    if 0 <= most < len(found):
        yield too_many(path, len(found), most)
        return
    for key, value in found.items():
        yield from check_key(path, key)
        yield from check(f"{path}[{shortened(key, shown)}]", value)


def shortened(text: str, limit: int) -> str:
    """Without its middle where it is too long."""
    limit = max(limit, 16)
    if len(text) <= limit:
        return text
    rest = limit - 3
    return f"{text[: (rest + 1) // 2]}...{text[len(text) - rest // 2 :]}"


def label(path: str, name: str | None) -> Iterator[Problem]:
    """Names of requests, devices and counters."""
    yield from by_rule(path, name or "", names.dns_label)


def node_name(path: str, name: str) -> Iterator[Problem]:
    yield from by_rule(path, name, names.dns_subdomain)


def pool_name(path: str, name: str | None) -> Iterator[Problem]:
    """One or more subdomains with a slash between."""
    if not name:
        yield required(path)
        return
    if len(name.encode()) > limits.POOL_NAME:
        yield too_long(path, limits.POOL_NAME)
    for part in name.split("/"):
        yield from by_rule(path, part, names.dns_subdomain)


def uid(path: str, text: str) -> Iterator[Problem]:
    if not _UUID.fullmatch(text):
        if _ANY_UUID.fullmatch(text):
            yield invalid(path, text, _UUID_FORM)
        else:
            yield invalid(path, text, f"error validating uid: {_uid_error(text)}")


def _uid_error(text: str) -> str:
    """As the library that upstream uses says it."""
    length = len(text.encode())
    return "invalid UUID format" if length in (32, 36, 38, 45) else f"invalid UUID length: {length}"


def qualified_name(path: str, name: str) -> Iterator[Problem]:
    """``[domain/]identifier``: of attributes and capacities."""
    domain, slash, identifier = name.partition("/")
    if "/" in identifier:
        return  # sic: upstream accepts more than one slash
    if not slash:
        yield from _identifier(path, name)
        return
    if not domain:
        yield invalid(path, "", "the domain must not be empty")
    else:
        yield from validate_driver_name(path, domain)
    if not identifier:
        yield invalid(path, "", "the name must not be empty")
    else:
        yield from _identifier(path, identifier)


def fully_qualified_name(path: str, name: str) -> Iterator[Problem]:
    yield from qualified_name(path, name)
    if "/" not in name:
        yield invalid(path, name, "a fully qualified name must be a domain and a name separated by a slash")


def _identifier(path: str, text: str) -> Iterator[Problem]:
    if len(text.encode()) > limits.IDENTIFIER:
        yield too_long(path, limits.IDENTIFIER)
    yield from by_rule(path, text, names.c_identifier)


def configuration(path: str, config: Object, *, stored: bool = False) -> Iterator[Problem]:
    """What a driver is told about a device; only the driver understands it."""
    opaque = config.get("opaque")
    if opaque is None:
        yield required(f"{path}.opaque")
        return
    yield from validate_driver_name(f"{path}.opaque.driver", opaque.get("driver") or "")
    yield from raw_object(f"{path}.opaque.parameters", opaque.get("parameters"), limits.PARAMETERS, stored=stored)


def raw_object(path: str, value: Any, most: int, *, stored: bool = False) -> Iterator[Problem]:
    """A JSON object of any form. ``stored``: it was there before, whatever its size."""
    if value is None:
        yield required(path)
    elif not stored and len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()) > most:
        yield too_long(path, most)
    elif not isinstance(value, dict):
        yield invalid(path, "<value omitted>", "must be a valid JSON object")


def taint(path: str, found: Object) -> Iterator[Problem]:
    yield from by_rule(f"{path}.key", found.get("key") or "", names.label_key)
    if found.get("value"):
        yield from by_rule(f"{path}.value", found["value"], names.label_value)
    if not (effect := found.get("effect")):
        yield required(f"{path}.effect")
    elif effect not in TAINT_EFFECTS:
        yield unsupported(f"{path}.effect", effect, TAINT_EFFECTS)


def toleration(path: str, found: Object) -> Iterator[Problem]:
    operator, value = found.get("operator") or "", found.get("value") or ""
    if found.get("key"):
        yield from by_rule(f"{path}.key", found["key"], names.label_key)
    if operator == "Exists" and value:
        yield invalid(f"{path}.value", value, "must be empty for operator `Exists`")
    elif operator == "Equal":
        yield from by_rule(f"{path}.value", value, names.label_value)
    elif not operator:
        yield required(f"{path}.operator")
    elif operator not in TOLERATION_OPERATORS:
        yield unsupported(f"{path}.operator", operator, TOLERATION_OPERATORS)
    if (effect := found.get("effect")) and effect not in TAINT_EFFECTS:
        yield unsupported(f"{path}.effect", effect, TAINT_EFFECTS)


def binding_conditions(path: str, holder: Object) -> Iterator[Problem]:
    """Conditions that must be true before a pod gets its node, and those that end the attempt: both lists or none."""
    wanted, failing = holder.get("bindingConditions") or [], holder.get("bindingFailureConditions") or []

    def name(where: str, text: str) -> Iterator[Problem]:
        yield from by_rule(where, text, names.label_key)

    yield from items(f"{path}.bindingConditions", wanted, limits.BINDING_CONDITIONS, name)
    yield from items(f"{path}.bindingFailureConditions", failing, limits.BINDING_CONDITIONS, name)
    yield from repeated(f"{path}.bindingConditions", wanted)
    yield from repeated(f"{path}.bindingFailureConditions", failing)
    for index, condition in enumerate(failing):
        if condition in wanted:
            where = f"{path}.bindingFailureConditions[{index}]"
            yield invalid(where, condition, "bindingFailureConditions must not overlap with bindingConditions")
    if failing and not wanted:
        why = "bindingConditions are required to use bindingFailureConditions"
        yield invalid(f"{path}.bindingConditions", holder.get("bindingConditions"), why)
    if wanted and not failing:
        why = "bindingFailureConditions are required to use bindingConditions"
        yield invalid(f"{path}.bindingFailureConditions", holder.get("bindingFailureConditions"), why)
