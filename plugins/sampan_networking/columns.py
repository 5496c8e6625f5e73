"""What ``kubectl get`` shows of Ingresses, IngressClasses and NetworkPolicies. Source: upstream's printers."""

from __future__ import annotations

from sampan.contracts.kinds import Column, Object
from sampan_machinery.columns import AGE, NAME

SHOWN = 3  # hosts named before "+ N more..."
NONE = "<none>"


def _spec(obj: Object) -> Object:
    return obj.get("spec") or {}


def class_text(ingress: Object) -> str:
    named = _spec(ingress).get("ingressClassName")
    return NONE if named is None else str(named)


def hosts_text(ingress: Object) -> str:
    """``a.example.com,b.example.com``; ``*`` where no rule names one."""
    hosts = [rule["host"] for rule in _spec(ingress).get("rules") or () if rule.get("host")]
    text = ",".join(hosts[:SHOWN]) or "*"
    return f"{text} + {len(hosts) - SHOWN} more..." if len(hosts) > SHOWN else text


def address_text(ingress: Object) -> str:
    """Each address once, by name or number, in order."""
    given = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(sorted({one.get("ip") or one.get("hostname") or "" for one in given} - {""}))


def ports_text(ingress: Object) -> str:
    return "80, 443" if _spec(ingress).get("tls") else "80"


def parameters_text(ingress_class: Object) -> str:
    """``Kind.group/name``."""
    found = _spec(ingress_class).get("parameters")
    if not found:
        return NONE
    group = f".{found['apiGroup']}" if found.get("apiGroup") is not None else ""
    return f"{found.get('kind', '')}{group}/{found.get('name', '')}"


def selector_text(selector: Object | None) -> str:
    """As kubectl writes label selectors: ``app=web,tier in (a,b),!old``."""
    selector = selector or {}
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        key, operator = expression.get("key", ""), expression.get("operator")
        values = ",".join(sorted(expression.get("values") or ()))
        plain = {"Exists": key, "DoesNotExist": f"!{key}", "In": f"{key} in ({values})"}
        parts.append(plain.get(str(operator), f"{key} notin ({values})"))
    return ",".join(sorted(parts, key=lambda part: part.lstrip("!"))) or NONE


INGRESS = (
    NAME,
    Column("Class", class_text),
    Column("Hosts", hosts_text),
    Column("Address", address_text),
    Column("Ports", ports_text),
    AGE,
)
INGRESS_CLASS = (
    NAME,
    Column("Controller", lambda obj: _spec(obj).get("controller") or ""),
    Column("Parameters", parameters_text),
    AGE,
)
NETWORK_POLICY = (
    NAME,
    Column("Pod-Selector", lambda obj: selector_text(_spec(obj).get("podSelector"))),
    AGE,
)
