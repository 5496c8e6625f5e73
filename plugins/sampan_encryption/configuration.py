"""The file EncryptionConfiguration (apiserver.config.k8s.io/v1): read, and checked as upstream checks it.

Source: upstream's pkg/apis/apiserver/v1 and its validation. Messages never hold a key. Pure: opens no file, calls no
provider.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from sampan.contracts.kinds import Problem
from sampan_machinery import configfiles, problems

API_VERSION = "apiserver.config.k8s.io/v1"
KIND = "EncryptionConfiguration"
ANY = "*"
AES_SIZES = (16, 24, 32)  # bytes
SECRETBOX_SIZES = (32,)
KMS_SECONDS = 3.0
_ALL = (ANY, ANY)
_NOT_IN_THE_API = ("apiserveripinfo", "serviceipallocations", "servicenodeportallocations")
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_OVERLAP = (
    "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be "
    "masked"
)


class NamedKey(NamedTuple):
    name: str
    secret: bytes


class Kms(NamedTuple):
    name: str
    endpoint: str
    seconds: float  # that a call may take


class Provider(NamedTuple):
    """One of ``identity``, ``aescbc``, ``aesgcm``, ``secretbox`` and ``kms``; its keys, the first of which encrypts."""

    kind: str
    keys: tuple[NamedKey, ...] = ()
    kms: Kms | None = None


class Section(NamedTuple):
    """An entry of ``resources``: (plural, group) pairs, ``*`` for any; the first provider encrypts, all decrypt."""

    resources: tuple[tuple[str, str], ...]
    providers: tuple[Provider, ...]


class Sections(NamedTuple):
    """A whole configuration."""

    all: tuple[Section, ...]

    def of(self, plural: str, group: str) -> tuple[Provider, ...]:
        """The providers of a resource, in order: of the sections that name it, else its group, else everything; empty
        where none does."""
        for wanted in ((plural, group), (ANY, group), _ALL):
            found = [provider for section in self.all if wanted in section.resources for provider in section.providers]
            if found:
                return tuple(found)
        return ()


def read_configuration(text: bytes, source: str) -> Sections:
    """Raises ConfigError with all that is wrong, each with its field path."""
    found = configfiles.read(text, source, _check)
    return Sections(tuple(_section(each) for each in found["resources"]))


def _section(entry: Mapping[str, Any]) -> Section:
    return Section(tuple(map(parse_resource, entry["resources"])), tuple(map(_provider, entry["providers"])))


def parse_resource(text: str) -> tuple[str, str]:
    """(plural, group) of ``secrets``, ``pandas.bears.example``, ``*.`` and ``*.*``."""
    plural, _, group = text.partition(".")
    return plural, group


def _provider(entry: Mapping[str, Any]) -> Provider:
    ((kind, settings),) = ((kind, each) for kind, each in entry.items() if each is not None)
    if kind == "kms":
        timeout = settings.get("timeout")
        seconds = KMS_SECONDS if timeout is None else _seconds(timeout) or KMS_SECONDS
        return Provider(kind, kms=Kms(settings["name"], settings["endpoint"], seconds))
    keys = (settings or {}).get("keys") or ()
    return Provider(kind, tuple(NamedKey(key["name"], base64.b64decode(key["secret"])) for key in keys))


def _check(found: Any) -> Iterator[Problem]:
    if not isinstance(found, dict) or found.get("apiVersion") != API_VERSION or found.get("kind") != KIND:
        shown = f"{found.get('apiVersion')}/{found.get('kind')}" if isinstance(found, dict) else type(found).__name__
        yield problems.invalid("apiVersion", shown, f"must be {API_VERSION}, and kind {KIND}")
        return
    yield from _unknown(found, ("apiVersion", "kind", "resources"), "")
    entries = found.get("resources")
    if not isinstance(entries, list) or not entries:
        yield problems.required("resources", "at least one resources is required")
        return
    seen: list[tuple[str, str]] = []
    kms: set[str] = set()
    for index, entry in enumerate(entries):
        at = f"resources[{index}]"
        if not isinstance(entry, dict):
            yield problems.invalid(at, entry, "must be a map of resources and providers")
            continue
        yield from _unknown(entry, ("resources", "providers"), at)
        yield from _check_resources(entry.get("resources"), f"{at}.resources", seen)
        yield from _check_providers(entry.get("providers"), f"{at}.providers", kms)


def _unknown(entry: Mapping[str, Any], known: Sequence[str], at: str) -> Iterator[Problem]:
    for name in entry:
        if name not in known:
            yield problems.forbidden(
                f"{at}.{name}" if at else str(name), f"unknown field; known are {', '.join(known)}"
            )


def _check_resources(found: Any, at: str, seen: list[tuple[str, str]]) -> Iterator[Problem]:
    """``seen``: resources of earlier entries, to which these are added."""
    if not isinstance(found, list) or not found:
        yield problems.required(at, f"at least one {at} is required")
        return
    texts = [each for each in found if isinstance(each, str)]
    pairs = [parse_resource(each) for each in texts]
    if len(set(pairs)) < len(pairs):
        yield problems.invalid(at, found, "the same resource cannot be specified multiple times")
    elif any(_overlaps(one, other) for one in pairs for other in pairs if one is not other):
        yield problems.invalid(at, found, _OVERLAP)
    for index, each in enumerate(found):
        where = f"{at}[{index}]"
        if not isinstance(each, str) or not each:
            yield problems.invalid(where, each, "must be the name of a resource")
        elif why := _wrong_name(each):
            yield problems.invalid(where, each, why)
        else:
            group = parse_resource(each)[1]
            mask = next((pair for pair in ((ANY, group), _ALL) if pair in seen), None)
            if mask is not None:
                yield problems.invalid(where, each, f"resource is masked by earlier rule {'.'.join(mask)!r}")
    seen += pairs


def _overlaps(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one == _ALL or (one[1] == other[1] and ANY in (one[0], other[0]))


def _wrong_name(text: str) -> str:
    plural, group = parse_resource(text)
    if text.lower() != text:
        return "resource name should not contain capital letters"
    if text == ANY:
        return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
    if text in _NOT_IN_THE_API:
        return "resources which do not have REST API/s cannot be encrypted"
    if group == "events.k8s.io":
        return "'*.events.k8s.io' objects are stored as those of the core group: use 'events' instead"
    if group == "extensions":
        return "'extensions' group has been removed and cannot be used for encryption"
    if group == ANY and plural != ANY:
        return "encrypting the same resource across groups is not supported"
    return ""


def _check_providers(found: Any, at: str, kms: set[str]) -> Iterator[Problem]:
    if not isinstance(found, list) or not found:
        yield problems.required(at, f"at least one {at} is required")
        return
    for index, entry in enumerate(found):
        where = f"{at}[{index}]"
        given = {kind: each for kind, each in entry.items() if each is not None} if isinstance(entry, dict) else {}
        if unknown := sorted(set(given) - set(_KINDS)):
            yield problems.forbidden(f"{where}.{unknown[0]}", f"unknown provider; known are {', '.join(_KINDS)}")
        elif not given:
            yield problems.invalid(where, "", f"must contain one of {', '.join(_KINDS)}, such as `identity: {{}}`")
        elif len(given) > 1:
            text = "more than one provider specified in a single element, should split into different list elements"
            yield problems.invalid(where, ", ".join(given), text)
        else:
            ((kind, settings),) = given.items()
            if not isinstance(settings, dict):
                yield problems.invalid(f"{where}.{kind}", "", "must be a map")
            else:
                yield from _KINDS[kind](settings, f"{where}.{kind}", kms)


def _check_identity(settings: Mapping[str, Any], at: str, _: set[str]) -> Iterator[Problem]:
    yield from _unknown(settings, (), at)


def _check_keys(settings: Mapping[str, Any], at: str, _: set[str], *, sizes: Sequence[int]) -> Iterator[Problem]:
    yield from _unknown(settings, ("keys",), at)
    keys = settings.get("keys")
    if not isinstance(keys, list) or not keys:
        yield problems.required(f"{at}.keys", "at least one keys is required")
        return
    for index, key in enumerate(keys):
        yield from _check_key(key if isinstance(key, dict) else {}, f"{at}.keys[{index}]", sizes)


def _check_key(key: Mapping[str, Any], at: str, sizes: Sequence[int]) -> Iterator[Problem]:
    name, secret = key.get("name"), key.get("secret")
    if not isinstance(name, str) or not name:
        yield problems.required(f"{at}.name", "name is a mandatory field for a key")
    if not isinstance(secret, str) or not secret:
        yield problems.required(f"{at}.secret", "secret is a mandatory field for a key")
        return
    try:
        length = len(base64.b64decode(secret, validate=True))
    except (binascii.Error, ValueError):
        yield problems.invalid(f"{at}.secret", "REDACTED", "secrets must be base64 encoded")
        return
    if length not in sizes:
        wanted = " ".join(map(str, sizes))
        detail = f"secret is not of the expected length, got {length}, expected one of [{wanted}]"
        make = f"`head -c {sizes[-1]} /dev/urandom | base64` makes one"
        yield problems.invalid(f"{at}.secret", "REDACTED", f"{detail}; {make}")


def _check_kms(settings: Mapping[str, Any], at: str, names: set[str]) -> Iterator[Problem]:
    yield from _unknown(settings, ("apiVersion", "name", "cachesize", "endpoint", "timeout"), at)
    version, name, endpoint = settings.get("apiVersion") or "v1", settings.get("name"), settings.get("endpoint")
    if version != "v2":
        detail = "only v2 is supported: KMS v1 is deprecated and off by default upstream; move to v2 before migrating"
        yield problems.invalid(f"{at}.apiVersion", version, detail)
    elif settings.get("cachesize") is not None:
        yield problems.invalid(f"{at}.cachesize", settings["cachesize"], "cachesize is not supported in v2")
    if not isinstance(name, str) or not name:
        yield problems.required(f"{at}.name", "name is a mandatory field for a provider")
    elif ":" in name:
        yield problems.invalid(f"{at}.name", name, f"invalid KMS provider name {name}, must not contain ':'")
    elif name in names:
        yield problems.invalid(f"{at}.name", name, f"duplicate KMS provider name {name}, names must be unique")
    else:
        names.add(name)
    if not isinstance(endpoint, str) or not endpoint:
        yield problems.required(f"{at}.endpoint", "endpoint is a mandatory field for a kms")
    elif not endpoint.startswith(("unix:///", "unix://@")):
        yield problems.invalid(f"{at}.endpoint", endpoint, "must be a socket, such as unix:///run/kms.sock")
    if (timeout := settings.get("timeout")) is not None and not _seconds(timeout):
        yield problems.invalid(f"{at}.timeout", timeout, "timeout should be a positive value, such as 3s")


def _seconds(text: Any) -> float:
    """0 for what is no positive duration."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        return 0.0
    return sum(float(amount) * _UNITS[unit] for amount, unit in re.findall(r"([0-9.]+)(ms|s|m|h)", text))


_KINDS: Mapping[str, Callable[[Mapping[str, Any], str, set[str]], Iterator[Problem]]] = {
    "aesgcm": partial(_check_keys, sizes=AES_SIZES),
    "aescbc": partial(_check_keys, sizes=AES_SIZES),
    "secretbox": partial(_check_keys, sizes=SECRETBOX_SIZES),
    "identity": _check_identity,
    "kms": _check_kms,
}
