"""Validation of MutatingAdmissionPolicies and of both sorts of bindings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_cel import types
from sampan_machinery import names, problems, validation
from sampan_policies.patchtypes import JSON_PATCH, OBJECT
from sampan_policies.rules import match_resources, mutable_operations, param_ref
from sampan_policies.validation import Expressions, common

ACTIONS = ("Audit", "Deny", "Warn")


def validate_mutating(new: Object, old: Object | None) -> Iterator[Problem]:
    """A MutatingAdmissionPolicy."""
    spec = new.get("spec") or {}
    checked = Expressions(spec)
    yield from common(spec, old, checked)
    yield from mutable_operations(spec.get("matchConstraints"), "spec.matchConstraints")
    mutations = spec.get("mutations") or ()
    if not mutations:
        yield problems.required("spec.mutations", "mutations must contain at least one item")
    for index, each in enumerate(mutations):
        yield from _mutation(each, checked, f"spec.mutations[{index}]")
    policy = spec.get("reinvocationPolicy")
    if not policy:
        yield problems.required("spec.reinvocationPolicy")
    elif policy not in ("IfNeeded", "Never"):
        yield problems.unsupported("spec.reinvocationPolicy", policy, ("IfNeeded", "Never"))


def _mutation(mutation: Mapping[str, Any], checked: Expressions, path: str) -> Iterator[Problem]:
    kind = mutation.get("patchType")
    if not kind:
        yield problems.required(f"{path}.patchType")
        return
    if kind not in ("ApplyConfiguration", "JSONPatch"):
        yield problems.unsupported(f"{path}.patchType", kind, ("ApplyConfiguration", "JSONPatch"))
        return
    own, other = ("jsonPatch", "applyConfiguration") if kind == "JSONPatch" else ("applyConfiguration", "jsonPatch")
    if mutation.get(own) is None:
        yield problems.required(f"{path}.{own}", f"must be specified when patchType is {kind}")
    else:
        text = str(mutation[own].get("expression") or "").strip()
        wanted = types.list_of(JSON_PATCH) if kind == "JSONPatch" else OBJECT
        if text:
            yield from checked.check(f"{path}.{own}.expression", text, (wanted,), patches=True)
        else:
            yield problems.required(f"{path}.{own}.expression")
    if mutation.get(other) is not None:
        detail = f"must not be specified when patchType is {kind}"
        yield problems.invalid(f"{path}.{other}", "{" + other + "}", detail)


def validate_mutating_binding(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    yield from _binding(spec)
    yield from mutable_operations(spec.get("matchResources"), "spec.matchResources")


def validate_validating_binding(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    yield from _binding(spec)
    path, actions = "spec.validationActions", list(spec.get("validationActions") or ())
    for index, action in enumerate(actions):
        if action not in ACTIONS:
            yield problems.unsupported(f"{path}[{index}]", action, ACTIONS)
        if action in actions[:index]:
            yield problems.duplicate(f"{path}[{index}]", action)
    if {"Deny", "Warn"} <= set(actions):
        words = (
            "must not contain both Deny and Warn (repeating the same validation failure information in the API "
            "response and headers serves no purpose)"
        )
        yield problems.invalid(path, actions, words)
    if not actions:
        yield problems.required(path, "at least one validation action is required")


def _binding(spec: Mapping[str, Any]) -> Iterator[Problem]:
    name = str(spec.get("policyName") or "")
    if not name:
        yield problems.required("spec.policyName")
    else:
        yield from validation.by_rule("spec.policyName", name, names.dns_subdomain)
    if spec.get("paramRef") is not None:
        yield from param_ref(spec["paramRef"], "spec.paramRef")
    if spec.get("matchResources") is not None:
        yield from match_resources(spec["matchResources"], "spec.matchResources")
