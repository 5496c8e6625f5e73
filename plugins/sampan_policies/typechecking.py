"""Type checking of a ValidatingAdmissionPolicy against the kinds that it matches: warnings for its status. Pure.

Source: apiserver's admission/plugin/policy/validating/typechecking.go. What is wrong with types has no effect on what
the policy does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sampan_admission.authorizing import AUTHORIZATION, AUTHORIZER
from sampan_admission.requests import REQUEST
from sampan_cel import Environment
from sampan_cel.errors import CompileError
from sampan_cel.types import DYN, Type
from sampan_machinery.expressions.libraries import KUBERNETES
from sampan_policies.expressions import NAMESPACE, with_variables

MOST_KINDS = 10  # of one rule


class Address(NamedTuple):
    """A kind."""

    group: str
    version: str
    kind: str

    def __str__(self) -> str:
        api_version = f"{self.group}/{self.version}"
        return f"{api_version}, Kind={self.kind}"


#: The kind of a resource by group, version and plural; None where nothing serves it.
KindOf = Callable[[str, str, str], Address | None]
#: The type of a kind's objects; None where nothing is known of them.
TypeOf = Callable[[Address], Type | None]


def warnings(spec: Mapping[str, Any], kind_of: KindOf, type_of: TypeOf) -> list[dict[str, str]]:
    """``status.typeChecking.expressionWarnings``."""
    known = [(kind, type) for kind in kinds(spec, kind_of) if (type := type_of(kind)) is not None]
    if not known:
        return []
    params = _params(spec, type_of)
    environments = [(kind, _environment(spec, type, params)) for kind, type in known]
    found: list[dict[str, str]] = []
    for index, each in enumerate(spec.get("validations") or ()):
        for name in ("expression", "messageExpression"):
            text = str(each.get(name) or "")
            if text and (warning := _warning(text, environments)):
                found.append({"fieldRef": f"spec.validations[{index}].{name}", "warning": warning})
    return found


def kinds(spec: Mapping[str, Any], kind_of: KindOf) -> Sequence[Address]:
    """The kinds that the rules name without wildcards, in their order."""
    found: set[Address] = set()
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        groups, versions = rule.get("apiGroups") or (), rule.get("apiVersions") or ()
        if any("*" in each for each in (*groups, *versions)):
            continue
        plurals = sorted(each for each in rule.get("resources") or () if "*" not in each and "/" not in each)
        here = 0
        for group in sorted(groups):
            for version in sorted(versions):
                for plural in plurals:
                    kind = kind_of(group, version, plural)
                    if kind is not None and here < MOST_KINDS:
                        found.add(kind)
                        here += 1
    return sorted(found)


def _params(spec: Mapping[str, Any], type_of: TypeOf) -> Type | None:
    """The type of ``params``; None where the policy has none."""
    kind = spec.get("paramKind")
    if kind is None:
        return None
    group, _, version = str(kind.get("apiVersion") or "").rpartition("/")
    return type_of(Address(group, version, str(kind.get("kind") or ""))) or DYN


def _environment(spec: Mapping[str, Any], obj: Type, params: Type | None) -> Environment:
    """Whose ``object`` has a type; the policy's variables have those that follow from it."""
    names: dict[str, Type] = {
        "object": obj, "oldObject": obj, "namespaceObject": NAMESPACE, "request": REQUEST, "authorizer": AUTHORIZER,
    }  # fmt: skip
    if params is not None:
        names["params"] = params
    base = Environment(names, (*KUBERNETES, AUTHORIZATION))
    known: dict[str, Type] = {}
    for each in spec.get("variables") or ():
        try:
            type = with_variables(base, known).compile(str(each.get("expression") or "")).type
        except CompileError:
            type = DYN
        known[str(each.get("name") or "")] = type
    return with_variables(base, known)


def _warning(text: str, environments: Sequence[tuple[Address, Environment]]) -> str:
    found = []
    for kind, environment in environments:
        try:
            environment.compile(text)
        except CompileError as error:
            found.append(f"{kind}: {error}\n")
    return "\n".join(found)
