"""How to reach what a pod, Service or Ingress serves: the kubectl command, and addresses that are its own. Pure.

Pages of pods are not passed on by the dashboard. On its own origin their scripts could read all that the session may
read, and act; in a sandboxed frame they have no origin, so that most applications (module scripts, fetch, storage,
cookies) do not work, and what does needs addresses that are passwords in themselves. `kubectl port-forward` has neither
fault: the browser keeps each port of loopback a site of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+")
PATH = re.compile(r"/[\w/.~%-]*", re.ASCII)
LEAST = 1024  # below it a local port needs rights
FORWARDED = {"Pod": "pod", "Service": "service"}


def commands(obj: Object) -> list[str]:
    """One for each TCP port."""
    kind, metadata = FORWARDED.get(str(obj.get("kind"))), obj.get("metadata") or {}
    if kind is None:
        return []
    where = f"kubectl port-forward -n {metadata.get('namespace')} {kind}/{metadata.get('name')}"
    return [f"{where} {port if port >= LEAST else f'{8000 + port}:{port}'}" for port in dict.fromkeys(ports(obj))]


def ports(obj: Object) -> Iterator[int]:
    spec = obj.get("spec") or {}
    if obj.get("kind") == "Service":
        if spec.get("type") == "ExternalName":
            return
        found = [(each.get("port"), each) for each in spec.get("ports") or ()]
    else:
        containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
        found = [(each.get("containerPort"), each) for one in containers for each in one.get("ports") or ()]
    for number, each in found:
        if isinstance(number, int) and (each.get("protocol") or "TCP") == "TCP":
            yield number


def addresses(obj: Object) -> list[str]:
    """URLs of another site than the dashboard: an Ingress's hosts, a load balancer's addresses."""
    if obj.get("kind") == "Ingress":
        return list(dict.fromkeys(_of_ingress(obj.get("spec") or {})))
    if obj.get("kind") != "Service":
        return []
    points = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    hosts = [str(each.get("hostname") or each.get("ip") or "") for each in points]
    return [_url("http", host, port, "/") for host in hosts if HOST.fullmatch(host) for port in ports(obj)]


def _of_ingress(spec: Mapping[str, Any]) -> Iterator[str]:
    secure = {host for each in spec.get("tls") or () for host in each.get("hosts") or ()}
    for rule in spec.get("rules") or ():
        host = str(rule.get("host") or "")
        if not HOST.fullmatch(host):
            continue  # none, or *.example
        paths: list[Object] = (rule.get("http") or {}).get("paths") or [{}]
        for each in paths:
            path = str(each.get("path") or "/")
            scheme, port = ("https", 443) if host in secure else ("http", 80)
            yield _url(scheme, host, port, path if PATH.fullmatch(path) else "/")


def _url(scheme: str, host: str, port: int, path: str) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{'' if port == {'http': 80, 'https': 443}[scheme] else f':{port}'}{path}"
