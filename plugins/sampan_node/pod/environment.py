"""A container's environment, command and arguments, with references looked up and $(VAR) expanded. Pure.

What has to be fetched (ConfigMaps, Secrets, Services) comes through ``Lookup``.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_node.pod.growth import ExpansionBudget, TooLong

#: (kind "ConfigMap" or "Secret", name) -> the object or None
Lookup = Callable[[str, str], Object | None]

_PLAIN_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']*)'\]")


class ConfigProblem(Exception):
    """The container cannot be made as asked; becomes CreateContainerConfigError."""


def expand(text: str, env: Mapping[str, str]) -> str:
    """$(NAME) by its value, $$ by $; unknown names stay as they are."""
    return "".join(env.get(name, f"$({name})") if is_name else name for name, is_name in _pieces(text))


def expand_strictly(text: str, env: Mapping[str, str]) -> str:
    """For subPathExpr, where a name that is unknown or empty is an error."""
    if missing := sorted({name for name, is_name in _pieces(text) if is_name and not env.get(name)}):
        raise ConfigProblem(f"missing value for {', '.join(missing)}")
    _make_room(ExpansionBudget(), text, env)
    return expand(text, env)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """(text, False) for what stands for itself, (name, True) for a reference.

    A name goes up to the first ")", whatever is in it: $($(A)) names "$(A". Source: upstream's golang/expansion.
    """
    start = 0
    while (at := text.find("$", start)) >= 0 and at + 1 < len(text):
        yield text[start:at], False
        following = text[at + 1]
        end = text.find(")", at + 2) if following == "(" else -1
        if end >= 0:
            yield text[at + 2 : end], True
            start = end + 1
        else:
            yield "$" if following == "$" else f"${following}", False
            start = at + 2
    yield text[start:], False


def expand_words(words: Iterable[str] | None, env: Mapping[str, str]) -> list[str]:
    """Expand a command or its arguments; raises ConfigProblem where the result is too long."""
    room, made = ExpansionBudget(), []
    for word in words or ():
        _make_room(room, word, env)
        made.append(expand(word, env))
    return made


def _make_room(room: ExpansionBudget, text: str, env: Mapping[str, str]) -> None:
    try:
        room.take(text, env)
    except TooLong as error:
        raise ConfigProblem(str(error)) from None


def values_of(obj: Object) -> dict[str, str]:
    """The data of a ConfigMap or Secret as text."""
    if obj.get("kind") == "Secret" or "stringData" in obj or "type" in obj:
        return {key: base64.b64decode(value).decode(errors="replace") for key, value in (obj.get("data") or {}).items()}
    return dict(obj.get("data") or {})


def environment(
    pod: Object, container: Object, *, lookup: Lookup, services: Iterable[Object], allocatable: Mapping[str, str]
) -> dict[str, str]:
    """Services first, then envFrom, then env; the later wins. Raises ConfigProblem."""
    env = service_environment(services)
    for source in container.get("envFrom") or ():
        env |= _from_source(pod, source, lookup)
    room = ExpansionBudget()
    for entry in container.get("env") or ():
        if not entry.get("valueFrom"):
            _make_room(room, entry.get("value", ""), env)
        value = _value(pod, container, entry, lookup, allocatable, env)
        if value is not None:
            env[entry["name"]] = value
    return env


def _from_source(pod: Object, source: Object, lookup: Lookup) -> dict[str, str]:
    for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        if field in source:
            found = lookup(kind, source[field]["name"])
            if found is None:
                if source[field].get("optional"):
                    return {}
                raise ConfigProblem(f'{kind.lower()} "{source[field]["name"]}" not found')
            return {source.get("prefix", "") + key: value for key, value in values_of({"kind": kind, **found}).items()}
    return {}


def _value(
    pod: Object,
    container: Object,
    entry: Object,
    lookup: Lookup,
    allocatable: Mapping[str, str],
    env: Mapping[str, str],
) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        return expand(entry.get("value", ""), env)
    if "fieldRef" in source:
        return field_value(pod, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        return resource_value(pod, container, source["resourceFieldRef"], allocatable)
    for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if field in source:
            return _key(pod, source[field], kind, lookup)
    return None


def _key(pod: Object, ref: Object, kind: str, lookup: Lookup) -> str | None:
    found = lookup(kind, ref["name"])
    values = values_of({"kind": kind, **found}) if found else {}
    if ref["key"] in values:
        return values[ref["key"]]
    if ref.get("optional"):
        return None
    where = f"{pod['metadata']['namespace']}/{ref['name']}"
    if found is None:
        raise ConfigProblem(f'{kind.lower()} "{ref["name"]}" not found')
    raise ConfigProblem(f"couldn't find key {ref['key']} in {kind} {where}")


def field_value(pod: Object, path: str) -> str:
    """A downward API field as text; raises ConfigProblem for one that does not exist."""
    meta, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    if match := _SUBSCRIPT.fullmatch(path):
        return str((meta.get(match[1]) or {}).get(match[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        pairs = sorted((meta.get(path.partition(".")[2]) or {}).items())
        return "\n".join(f"{key}={quoted(value)}" for key, value in pairs)
    simple: dict[str, Any] = {
        "metadata.name": meta.get("name"), "metadata.namespace": meta.get("namespace"), "metadata.uid": meta.get("uid"),
        "spec.nodeName": spec.get("nodeName"), "spec.serviceAccountName": spec.get("serviceAccountName"),
        "status.hostIP": status.get("hostIP"), "status.podIP": status.get("podIP"),
        "status.hostIPs": ",".join(one["ip"] for one in status.get("hostIPs") or ()),
        "status.podIPs": ",".join(one["ip"] for one in status.get("podIPs") or ()),
    }  # fmt: skip
    if path not in simple:
        raise ConfigProblem(f"unsupported fieldPath: {path}")
    return str(simple[path] or "")


def quoted(text: str) -> str:
    """As Go's %q: what is not printable by its code. Source: strconv.Quote."""
    return f'"{"".join(_quoted_letter(letter) for letter in text)}"'


def _quoted_letter(letter: str) -> str:
    if letter in _PLAIN_ESCAPES:
        return _PLAIN_ESCAPES[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def resource_value(pod: Object, container: Object, ref: Object, allocatable: Mapping[str, str]) -> str:
    """A request or limit divided and rounded up; a missing limit is what the node can give."""
    named = ref.get("containerName")
    if named and named != container.get("name"):
        every = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
        container = next((one for one in every if one["name"] == named), container)
    kind, _, resource = ref["resource"].partition(".")
    amounts = (container.get("resources") or {}).get(kind) or {}
    value = amounts.get(resource) or (allocatable.get(resource, "0") if kind == "limits" else "0")
    divisor = quantities.parse(ref.get("divisor") or "1") or quantities.parse("1")
    return str(math.ceil(quantities.parse(value) / divisor))


def service_environment(services: Iterable[Object]) -> dict[str, str]:
    """X_SERVICE_HOST and its family, for Services with a ClusterIP. Source: kubelet's envvars.FromServices."""
    env: dict[str, str] = {}
    for service in services:
        ip = service["spec"].get("clusterIP")
        ports = service["spec"].get("ports") or []
        if not ip or ip == "None" or not ports:
            continue
        prefix = service["metadata"]["name"].upper().replace("-", "_")
        env |= {f"{prefix}_SERVICE_HOST": ip, f"{prefix}_SERVICE_PORT": str(ports[0]["port"])}
        host = f"[{ip}]" if ":" in ip else ip
        for index, port in enumerate(ports):
            protocol, number = port.get("protocol", "TCP"), str(port["port"])
            url = f"{protocol.lower()}://{host}:{number}"
            if port.get("name"):
                env[f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = number
            if index == 0:
                env[f"{prefix}_PORT"] = url
            one = f"{prefix}_PORT_{number}_{protocol}"
            env |= {one: url, f"{one}_PROTO": protocol.lower(), f"{one}_PORT": number, f"{one}_ADDR": ip}
    return env
