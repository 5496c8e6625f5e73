"""What hooks may answer: the check of a plugin's answer at boot, in a sentence for who wrote it.

Only shapes are looked at, and what can be known without calling anything. Knows the contracts, no plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sampan.contracts.checks import Finding
from sampan.contracts.commands import Command
from sampan.contracts.components import Component, Leftover
from sampan.contracts.kinds import Kind, Resource
from sampan.contracts.reconciling import ClientReconciler, Reconciler, Standing
from sampan.contracts.serving import AddedSubresource, Route

OPERATIONS = frozenset({"CREATE", "UPDATE", "DELETE", "CONNECT", "*"})


def joined(answer: Any, check: Callable[[Any], str] | None) -> list[Any]:
    """The answer of a ``contribute_*`` hook as a list; raises TypeError, worded, for what is no good answer."""
    if answer is None:
        return []
    if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
        raise TypeError(f"a sequence is wanted, not {_shown(answer)}")
    found = list(answer)
    for each in found if check else ():
        if wrong := check(each):  # type: ignore[misc]  # mypy does not see that the loop is empty without a check
            raise TypeError(wrong)
    return found


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text[:60]} ({type(value).__name__})"


def _instance(*types: type) -> Callable[[Any], str]:
    words = " or ".join(each.__name__ for each in types)
    return lambda value: "" if isinstance(value, types) else f"a {words} is wanted, not {_shown(value)}"


def kind_complaint(value: Any) -> str:
    """What is wrong with a kind, in a sentence; "" for nothing."""
    if not isinstance(value, Kind):
        return f"a Kind is wanted, not {_shown(value)}"
    for name in ("group", "version", "kind", "plural"):
        if not isinstance(getattr(value, name), str) or (name != "group" and not getattr(value, name)):
            return f"kind {value.kind!r}: {name} must be text, not {getattr(value, name)!r}"
    if value.computed is not None and not {"get", "list"} >= set(value.verbs):
        return f"kind {value.kind!r}: its objects are made when they are read, so its verbs can be get and list only"
    from sampan_machinery.kindschema import complaints  # only where kinds are served: the other processes do without

    return next(complaints(value), "")


def _kind_source(value: Any) -> str:
    for method in ("kinds", "settled", "removes"):
        if wrong := _asker(method)(value):
            return wrong
    watches = getattr(value, "watches", None)
    good = isinstance(watches, list | tuple) and watches and all(isinstance(each, Resource) for each in watches)
    return "" if good else f"{value.name}.watches must be Resources whose objects decide, not {watches!r}"


def _command(value: Any) -> str:
    if not isinstance(value, Command):
        return f"a Command is wanted, not {_shown(value)}"
    if (value.load is None) == (value.runs is None):
        return f"command {value.name}: either load or runs is wanted"
    return f"command {value.name}: runs has no parent" if value.runs is not None and value.parent else ""


def _seed(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"a manifest is wanted, not {_shown(value)}"
    missing = [name for name in ("apiVersion", "kind", "metadata") if not value.get(name)]
    return f"a manifest without {', '.join(missing)}: {_shown(value)}" if missing else ""


def _asker(method: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(getattr(value, "name", None), str) or not value.name:
            return f"{_shown(value)} has no name"
        return "" if callable(getattr(value, method, None)) else f"{value.name} has no method {method}"

    return check


def _admitter(value: Any) -> str:
    if wrong := _asker("admit")(value):
        return wrong
    operations = getattr(value, "operations", None)
    if isinstance(operations, str) or not isinstance(operations, Iterable) or not set(operations) <= OPERATIONS:
        return f"{value.name}.operations must be a set of {', '.join(sorted(OPERATIONS))}, not {operations!r}"
    if not isinstance(getattr(value, "mutates", None), bool):
        return f"{value.name}.mutates must be True or False"
    priority = getattr(value, "priority", None)
    if isinstance(priority, bool) or not isinstance(priority, int):
        return f"{value.name}.priority must be a number, not {priority!r}"
    resources = getattr(value, "resources", None)
    if resources is not None and (isinstance(resources, str) or not isinstance(resources, Iterable)):
        return f"{value.name}.resources must be a set such as {{'pods', 'deployments.apps'}}, not {resources!r}"
    subresources = getattr(value, "subresources", None)
    if subresources is not None and (isinstance(subresources, str) or not isinstance(subresources, Iterable)):
        return f"{value.name}.subresources must be a set such as {{'', 'status'}}, not {subresources!r}"
    return ""


def _chain_step(value: Any) -> str:
    if wrong := _asker("enter")(value):
        return wrong
    places = [getattr(value, name, "") for name in ("after", "before")]
    if not all(isinstance(place, str) for place in places) or bool(places[0]) == bool(places[1]):
        return f"{value.name} must have either after or before, the name of another step such as 'authorize'"
    return ""


def _key_provider(value: Any) -> str:
    return next(filter(None, (_asker(method)(value) for method in ("key_id", "encrypt", "decrypt"))), "")


#: By hook: what is wrong with one element of an answer, "" for nothing.
CHECKS: Mapping[str, Callable[[Any], str]] = {
    "contribute_admitters": _admitter,
    "contribute_authenticators": _asker("authenticate"),
    "contribute_authorizers": _asker("authorize"),
    "contribute_chain_steps": _chain_step,
    "contribute_checks": _instance(Finding),
    "contribute_commands": _command,
    "contribute_components": _instance(Component),
    "contribute_key_provider_sources": _asker("connect"),
    "contribute_key_providers": _key_provider,
    "contribute_kind_sources": _kind_source,
    "contribute_kinds": kind_complaint,
    "contribute_leftovers": _instance(Leftover),
    "contribute_reconcilers": _instance(Reconciler, ClientReconciler, Standing),
    "contribute_routes": _instance(Route),
    "contribute_subresources": _instance(AddedSubresource),
    "contribute_bootstrap_objects": _seed,
}
