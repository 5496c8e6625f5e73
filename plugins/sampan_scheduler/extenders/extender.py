"""One extender as the file names it (``extenders`` of KubeSchedulerConfiguration), and which pods it is asked about.

Source: k8s.io/kube-scheduler config/v1 Extender; upstream's defaults and validation.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import ConfigError
from sampan_machinery import names
from sampan_machinery.durations import parse_duration
from sampan_scheduler.configuration.fields import Fields
from sampan_webhookclient.destinations import Destination, Trust, of_url
from sampan_webhookclient.failures import CallFailed

TIMEOUT = 5.0  # seconds of one call, where the file says nothing
_FIELDS = (
    "urlPrefix", "filterVerb", "preemptVerb", "prioritizeVerb", "weight", "bindVerb", "enableHTTPS", "tlsConfig",
    "httpTimeout", "nodeCacheCapable", "managedResources", "ignorable",
)  # fmt: skip
_TLS = ("insecure", "serverName", "certFile", "keyFile", "caFile", "certData", "keyData", "caData")
_NATIVE = ("kubernetes.io/", "requests.")


@dataclass(frozen=True)
class Pem:
    """One part of ``tlsConfig``: given in the file, or in another file that is read at each call, for it may be
    renewed. Raises OSError, UnicodeDecodeError."""

    text: str = ""
    file: str = ""

    def read(self) -> str:
        return self.text or (Path(self.file).read_text() if self.file else "")


@dataclass(frozen=True, kw_only=True)
class Extender:
    """``url`` without a slash at its end; verbs are "" where it does not support them."""

    url: str
    filter_verb: str = ""
    prioritize_verb: str = ""
    preempt_verb: str = ""
    bind_verb: str = ""
    weight: int = 0
    timeout: float = TIMEOUT  # seconds
    knows_nodes: bool = False  # nodeCacheCapable: names of nodes are enough
    ignorable: bool = False
    managed: frozenset[str] = frozenset()  # resources; none: it is asked about every pod
    unchecked: frozenset[str] = frozenset()  # those of them that our own rules do not look at (ignoredByScheduler)
    insecure: bool = False
    server_name: str = ""
    authorities: Pem = Pem()
    certificate: Pem = Pem()
    key: Pem = Pem()

    @property
    def name(self) -> str:
        return f"extender {self.url}"

    def concerns(self, pod: Object) -> bool:
        """Whether the pod asks for something that it manages."""
        return not self.managed or any(name in self.managed for name in _resources(pod["spec"]))

    def destination(self, verb: str) -> Destination:
        """Raises OSError, UnicodeDecodeError, CallFailed."""
        trust = Trust(self.authorities.read(), self.insecure, self.certificate.read(), self.key.read())
        found = of_url(f"{self.url}/{verb}", trust)
        return replace(found, server_name=self.server_name) if self.server_name else found


def _resources(spec: Object) -> Iterator[str]:
    for holder in ("containers", "initContainers"):
        for container in spec.get(holder) or ():
            resources = container.get("resources") or {}
            yield from resources.get("requests") or {}
            yield from resources.get("limits") or {}


def read_extenders(whole: Fields) -> tuple[Extender, ...]:
    """Those of a document. Raises ConfigError that names the field."""
    found: list[Extender] = []
    managed: set[str] = set()
    for fields in whole.mappings("extenders"):
        extender = _read(fields, managed)
        if extender.bind_verb and any(each.bind_verb for each in found):
            raise ConfigError(f"{fields.at('bindVerb')}: only one extender can implement bind")
        if any(each.url == extender.url for each in found):
            raise ConfigError(f"{fields.at('urlPrefix')}: {extender.url} is there already")
        found.append(extender)
    return tuple(found)


def _read(fields: Fields, known: set[str]) -> Extender:
    fields.only(*_FIELDS)
    if not fields.text("urlPrefix"):
        raise ConfigError(f"{fields.at('urlPrefix')} is missing")
    managed = dict(_managed(fields, known))
    extender = Extender(
        url=fields.text("urlPrefix").rstrip("/"),
        filter_verb=fields.text("filterVerb"), prioritize_verb=fields.text("prioritizeVerb"),
        preempt_verb=fields.text("preemptVerb"), bind_verb=fields.text("bindVerb"),
        weight=fields.integer("weight", 0, 0), timeout=_timeout(fields),
        knows_nodes=fields.truth("nodeCacheCapable"), ignorable=fields.truth("ignorable"),
        managed=frozenset(managed), unchecked=frozenset(name for name, unchecked in managed.items() if unchecked),
        **_tls(fields),
    )  # fmt: skip
    if extender.prioritize_verb and not extender.weight:
        raise ConfigError(f"{fields.at('weight')} must be positive where there is a prioritizeVerb")
    try:
        extender.destination("")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{fields.at('tlsConfig')} cannot be read: {error}") from error
    except CallFailed as error:
        raise ConfigError(f"{fields.at('urlPrefix')}: {error}") from error
    return extender


def _managed(fields: Fields, known: set[str]) -> Iterator[tuple[str, bool]]:
    for each in fields.mappings("managedResources"):
        name = each.only("name", "ignoredByScheduler").text("name")
        if "/" not in name or any(part in name for part in _NATIVE) or names.label_key(f"requests.{name}"):
            raise ConfigError(f"{each.at('name')} must be an extended resource, such as example.com/gpu, not {name!r}")
        if name in known:
            raise ConfigError(f"{each.at('name')}: {name} is there already")
        known.add(name)
        yield name, each.truth("ignoredByScheduler")


def _timeout(fields: Fields) -> float:
    text = fields.text("httpTimeout")
    try:
        seconds = parse_duration(text) if text else 0.0
    except ValueError:
        raise ConfigError(f"{fields.at('httpTimeout')} must be a duration such as 5s, not {text!r}") from None
    if seconds < 0:
        raise ConfigError(f"{fields.at('httpTimeout')} must not be negative")
    return seconds or TIMEOUT


def _tls(fields: Fields) -> dict[str, Any]:
    """Without authorities a server over HTTPS is not checked, as upstream."""
    tls = fields.mapping("tlsConfig").only(*_TLS)
    authorities = _pem(tls, "ca")
    insecure = tls.truth("insecure") or (fields.truth("enableHTTPS") and authorities == Pem())
    return {
        "insecure": insecure, "server_name": tls.text("serverName"), "authorities": authorities,
        "certificate": _pem(tls, "cert"), "key": _pem(tls, "key"),
    }  # fmt: skip


def _pem(tls: Fields, part: str) -> Pem:
    data, file = tls.text(f"{part}Data"), tls.text(f"{part}File")
    try:
        return Pem(base64.b64decode(data, validate=True).decode()) if data else Pem(file=file)
    except (binascii.Error, UnicodeDecodeError):
        raise ConfigError(f"{tls.at(f'{part}Data')} must be PEM in base64") from None
