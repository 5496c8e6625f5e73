"""A MutatingAdmissionPolicy, compiled: what its mutations make of an object. Pure.

Source: apiserver's admission/plugin/policy/mutating/patch (smd.go, json_patch.go).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_cel import types
from sampan_machinery.patches import json_patch
from sampan_policies.evaluation import Evaluation, Failed, OutOfBudget
from sampan_policies.patchtypes import JSON_PATCH, OBJECT, Made, Unfit, as_json, misnamed
from sampan_policies.policy import Maybe, Policy

#: Merges an apply configuration into an object; raises BadRequest.
Merge = Callable[[Object, Object], Object]
_FIELDS = ("op", "path", "from")


class Mutation(NamedTuple):
    program: Maybe
    is_patch: bool  # a JSON patch, else an apply configuration


class MutatingPolicy(Policy):
    def __init__(self, obj: Object) -> None:
        super().__init__(obj)
        self.is_reinvoked = self.spec.get("reinvocationPolicy") == "IfNeeded"
        self._mutations: Sequence[Mutation] | None = None

    @property
    def mutations(self) -> Sequence[Mutation]:
        if self._mutations is None:
            self._mutations = [self._mutation(each) for each in self.spec.get("mutations") or ()]
        return self._mutations

    def _mutation(self, mutation: Mapping[str, Any]) -> Mutation:
        is_patch = mutation.get("patchType") == "JSONPatch"
        body = mutation.get("jsonPatch" if is_patch else "applyConfiguration") or {}
        wanted = types.list_of(JSON_PATCH) if is_patch else OBJECT
        return Mutation(self.program(str(body.get("expression") or ""), (wanted,), patches=True), is_patch)

    def mutate(self, mutation: Mutation, obj: Object, values: Mapping[str, Any], merge: Merge) -> Object:
        """The object with one mutation; ``values`` are those of this object. Raises Failed."""
        if isinstance(mutation.program, str):
            raise Failed(mutation.program)
        try:
            made = Evaluation(values, self.variables).value(mutation.program)
        except OutOfBudget as error:
            raise Failed(str(error)) from None
        return _patched(obj, made) if mutation.is_patch else _applied(obj, made, merge)


def _applied(obj: Object, made: Any, merge: Merge) -> Object:
    if wrong := misnamed(made):
        raise Failed("type mismatch: " + "\n".join(wrong))
    config = _plain(made, "invalid return type")
    config |= {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind")}
    try:
        return merge(obj, config)
    except StatusError as error:
        raise Failed(f"error applying patch: {error.message}") from None


def _patched(obj: Object, made: Any) -> Object:
    operations = [_operation(each) for each in made]
    try:
        found: Object = json_patch.apply(obj, operations)
    except json_patch.TestFailed:
        return obj  # a patch whose test fails is not applied, and no failure
    except StatusError as error:
        raise Failed(f"JSON Patch: {error.message}") from None
    if not isinstance(found, dict) or not isinstance(found.get("metadata"), dict):
        raise Failed("JSON Patch: the result is no object")
    return found


def _operation(made: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: made[name] for name in _FIELDS if made.get(name)}
    found.setdefault("op", "")
    found.setdefault("path", "")
    for name in _FIELDS:
        if not isinstance(found.get(name, ""), str):
            raise Failed(f"unexpected type of JSONPatchType '{name}' field")
    if "value" in made:
        value = made["value"]
        if isinstance(value, Made) and (wrong := misnamed(value, value.name)):
            raise Failed("type mismatch: " + "\n".join(wrong))
        found["value"] = _plain(value, "JSONPath valueExpression evaluated to a type that could not marshal to JSON")
    return found


def _plain(value: Any, words: str) -> Any:
    try:
        return as_json(value)
    except Unfit as error:
        raise Failed(f"{words}: {error}") from None
