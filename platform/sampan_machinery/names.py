"""Rules for names, labels and keys, and generated names.

Every rule is a function from the text to a tuple of messages (empty: valid), with upstream's wording. Knows texts only,
no objects. Source: RFC 1123, RFC 1035, apimachinery util/validation and api/validate/content (meaning).
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Callable
from functools import lru_cache, wraps
from random import Random

Complaints = tuple[str, ...]
Rule = Callable[[str], Complaints]

#: No vowels and no look-alikes, so that generated names are not words. Source: apimachinery util/rand.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH = 5
MAX_GENERATED_PREFIX = 63 - SUFFIX_LENGTH
LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_UNDERSCORED = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SEARCH = rf"{_UNDERSCORED}(\.{_UNDERSCORED})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_KEY_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = f"({_KEY_NAME})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_ENV_NAME = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_HTTP_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_CONDITION_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"

# Linear forms of the patterns above, for matching: the patterns in the messages backtrack on long hostile input.
_is_label = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,}(?<!-))?").fullmatch
_is_underscored = re.compile(r"_?[a-z0-9](?:[-_a-z0-9]*(?<![-_]))?").fullmatch
_is_label_1035 = re.compile(r"[a-z](?:[-a-z0-9]*(?<!-))?").fullmatch
_is_key_name = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*(?<![-_.]))?").fullmatch
_is_config_key = re.compile(_CONFIG_KEY).fullmatch
_is_env_name = re.compile(_ENV_NAME).fullmatch
_is_header = re.compile(_HTTP_HEADER).fullmatch
_is_percent = re.compile(_PERCENT).fullmatch
_is_c_identifier = re.compile(_C_IDENTIFIER).fullmatch
_is_condition_reason = re.compile(r"[A-Za-z](?:[A-Za-z0-9_,:]*(?<![,:]))?").fullmatch
_is_port_charset = re.compile(r"[-a-z0-9]+").fullmatch
_is_relaxed_env = re.compile(r"[ -<>-~]+").fullmatch

_ALNUM_ENDS = "and must start and end with an alphanumeric character"


def _explained(sentence: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    prefix = f"(e.g. {shown}" if examples else "("
    return f"{sentence} {prefix}regex used for validation is '{pattern}')"


_NOT_LABEL = _explained(
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ALNUM_ENDS}",
    _LABEL, "my-name", "123-abc",
)  # fmt: skip
_NOT_SUBDOMAIN = _explained(
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ALNUM_ENDS}",
    _SUBDOMAIN, "example.com",
)  # fmt: skip
_NOT_SEARCH = _explained(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
    f"{_ALNUM_ENDS}",
    _SEARCH, "example.com",
)  # fmt: skip
_NOT_LABEL_1035 = _explained(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character",
    _LABEL_1035, "my-name", "abc-123",
)  # fmt: skip
_NOT_WILDCARD = _explained(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    _WILDCARD, "*.example.com",
)  # fmt: skip
_NOT_KEY_NAME = _explained(
    f"must consist of alphanumeric characters, '-', '_' or '.', {_ALNUM_ENDS}",
    _KEY_NAME, "MyName", "my.name", "123-abc",
)  # fmt: skip
_NOT_LABEL_VALUE = _explained(
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {_ALNUM_ENDS}",
    _LABEL_VALUE, "MyValue", "my_value", "12345",
)  # fmt: skip
_NOT_CONFIG_KEY = _explained(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    _CONFIG_KEY, "key.name", "KEY_NAME", "key-name",
)  # fmt: skip
_NOT_ENV_NAME = _explained(
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', "
    "and must not start with a digit",
    _ENV_NAME, "my.env-name", "MY_ENV.NAME", "MyEnvName1",
)  # fmt: skip
_NOT_RELAXED_ENV = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_NOT_HEADER = _explained(
    "a valid HTTP header must consist of alphanumeric characters or '-'", _HTTP_HEADER, "X-Header-Name"
)
_NOT_PERCENT = _explained(
    "a valid percent string must be a numeric string followed by an ending '%'", _PERCENT, "1%", "93%"
)
_NOT_C_IDENTIFIER = _explained(
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters "
    "or '_'",
    _C_IDENTIFIER, "my_name", "MY_NAME", "MyName",
)  # fmt: skip
_NOT_CONDITION_REASON = _explained(
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
    "characters or '_,:', and must end with an alphanumeric character or '_'",
    _CONDITION_REASON, "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB",
)  # fmt: skip


def longest(limit: int, unit: str = "characters") -> str:
    return f"must be no more than {limit} {unit}"


def between(low: int, high: int) -> str:
    return f"must be between {low} and {high}, inclusive"


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _remembered(rule: Rule) -> Rule:
    """A rule with a cache, since the same names are checked often; texts longer than any valid one are not cached."""
    cached = lru_cache(8192)(rule)

    @wraps(rule)
    def check(text: str) -> Complaints:
        return cached(text) if len(text) <= 2 * SUBDOMAIN_LENGTH else rule(text)

    return check


def _is_subdomain(text: str) -> bool:
    return all(map(_is_label, text.split(".")))


@_remembered
def dns_subdomain(text: str) -> Complaints:
    """RFC 1123 subdomain: most names."""
    too_long = (longest(SUBDOMAIN_LENGTH),) if _size(text) > SUBDOMAIN_LENGTH else ()
    return too_long if _is_subdomain(text) else (*too_long, _NOT_SUBDOMAIN)


@_remembered
def dns_label(text: str) -> Complaints:
    """RFC 1123 label: namespaces, container names."""
    too_long = (longest(LABEL_LENGTH),) if _size(text) > LABEL_LENGTH else ()
    if _is_label(text):
        return too_long
    return (*too_long, "must not contain dots" if _is_subdomain(text) else _NOT_LABEL)


@_remembered
def dns_label_1035(text: str) -> Complaints:
    """RFC 1035 label: Service names."""
    too_long = (longest(LABEL_LENGTH),) if _size(text) > LABEL_LENGTH else ()
    return too_long if _is_label_1035(text) else (*too_long, _NOT_LABEL_1035)


def dns_search(text: str) -> Complaints:
    """A domain that resolvers append to names: an RFC 1123 subdomain in which parts may begin with an underscore."""
    too_long = (longest(SUBDOMAIN_LENGTH),) if _size(text) > SUBDOMAIN_LENGTH else ()
    parts = all(_is_underscored(part) for part in text.split("."))
    return too_long if parts else (*too_long, _NOT_SEARCH)


def wildcard_subdomain(text: str) -> Complaints:
    """``*.example.com``, as Ingress hosts allow."""
    too_long = (longest(SUBDOMAIN_LENGTH),) if _size(text) > SUBDOMAIN_LENGTH else ()
    return too_long if text[:2] == "*." and _is_subdomain(text[2:]) else (*too_long, _NOT_WILDCARD)


def path_segment(text: str) -> Complaints:
    """A name that must only be valid in a URL path: RBAC objects."""
    if text in (".", ".."):
        return (f"may not be '{text}'",)
    return tuple(f"may not contain '{char}'" for char in "/%" if char in text)


@_remembered
def label_key(text: str) -> Complaints:
    """Label keys, finalizers and other qualified names: ``[prefix/]name``."""
    parts = text.split("/")
    if len(parts) > 2:
        sentence = f"a valid label key {_NOT_KEY_NAME}"
        return (f"{sentence} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)
    found: list[str] = []
    name = parts[-1]
    if len(parts) == 2:
        prefix = parts[0]
        found.extend(
            f"prefix part {message}" for message in (dns_subdomain(prefix) if prefix else ("must be non-empty",))
        )
    if not name:
        found.append("name part must be non-empty")
    elif _size(name) > LABEL_LENGTH:
        found.append(f"name part {longest(LABEL_LENGTH, 'bytes')}")
    if not _is_key_name(name):
        found.append(f"name part {_NOT_KEY_NAME}")
    return tuple(found)


@_remembered
def label_value(text: str) -> Complaints:
    too_long = (longest(LABEL_LENGTH, "bytes"),) if _size(text) > LABEL_LENGTH else ()
    return too_long if not text or _is_key_name(text) else (*too_long, _NOT_LABEL_VALUE)


def _climbs(text: str) -> Complaints:
    if text in (".", ".."):
        return (f"must not be '{text}'",)
    return ("must not start with '..'",) if text.startswith("..") else ()


def config_key(text: str) -> Complaints:
    """A key of ConfigMap and Secret data."""
    too_long = (longest(SUBDOMAIN_LENGTH),) if _size(text) > SUBDOMAIN_LENGTH else ()
    charset = () if _is_config_key(text) else (_NOT_CONFIG_KEY,)
    return (*too_long, *charset, *_climbs(text))


def env_name(text: str) -> Complaints:
    """The strict form, still required of keys that become variables by envFrom's prefix."""
    return (*(() if _is_env_name(text) else (_NOT_ENV_NAME,)), *_climbs(text))


def relaxed_env_name(text: str) -> Complaints:
    """The form containers may use. Source: KEP-4369."""
    if not text:
        return ("environment variable name must be non-empty",)
    return () if _is_relaxed_env(text) else (_NOT_RELAXED_ENV,)


@_remembered
def port_name(text: str) -> Complaints:
    """IANA service name: container ports, named target ports."""
    rules = (
        (_size(text) > 15, longest(15)),
        (not _is_port_charset(text), "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        (not any("a" <= char <= "z" for char in text), "must contain at least one letter (a-z)"),
        ("--" in text, "must not contain consecutive hyphens"),
        (text.startswith("-") or text.endswith("-"), "must not begin or end with a hyphen"),
    )
    return tuple(message for broken, message in rules if broken)


def http_header(text: str) -> Complaints:
    return () if _is_header(text) else (_NOT_HEADER,)


def percent(text: str) -> Complaints:
    return () if _is_percent(text) else (_NOT_PERCENT,)


def c_identifier(text: str) -> Complaints:
    return () if _is_c_identifier(text) else (_NOT_C_IDENTIFIER,)


def condition_reason(text: str) -> Complaints:
    """The ``reason`` of a condition."""
    return () if _is_condition_reason(text) else (_NOT_CONDITION_REASON,)


def without_leading_zeros(text: str) -> str:
    """An IPv4 address as programs print it; any other text as it is. Some programs read leading zeros as octal."""
    parts = text.split(".")
    numeric = len(parts) == 4 and all(part.isascii() and part.isdigit() and len(part) < 8 for part in parts)
    if not numeric or any(int(part) > 255 for part in parts):
        return text
    return ".".join(str(int(part)) for part in parts)


def ip_address(text: str) -> Complaints:
    """An address in its canonical form, as IPAddresses are named."""
    if without_leading_zeros(text) != text:
        return ("must not have leading 0s",)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return ("must not be an IPv4-mapped IPv6 address",)
    return () if str(address) == text else (f'must be in canonical form ("{address}")',)


#: By ``Kind.name_rule``.
RULES: dict[str, Rule] = {
    "subdomain": dns_subdomain,
    "label": dns_label,
    "label1035": dns_label_1035,
    "path": path_segment,
    "address": ip_address,
}


def prefix_rule(rule: Rule) -> Rule:
    """The rule for a generateName: a trailing dash is valid, because a suffix follows."""

    def check(text: str) -> Complaints:
        return rule(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") and rule is not path_segment else text)

    return check


def suffix(random: Random, length: int = SUFFIX_LENGTH) -> str:
    return "".join(random.choices(ALPHABET, k=length))


def generate_name(prefix: str, random: Random) -> str:
    """A name from metadata.generateName; the prefix is cut so that the name has at most the length of a label."""
    return prefix[:MAX_GENERATED_PREFIX] + suffix(random)


def new_uid(random: Random) -> str:
    """A version 4 UUID from the given random source."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def safe_text(digits: str) -> str:
    """Decimal or hexadecimal digits in the alphabet of generated names. Source: apimachinery rand.SafeEncodeString."""
    return "".join(ALPHABET[ord(char) % len(ALPHABET)] for char in digits)
