"""Expressions of policies: what they may name, and their compilation with upstream's words.

Source: apiserver's admission/plugin/cel (compile.go, composition.go). ``object``, ``oldObject`` and ``params`` are
dynamic here; only type checking knows their types (``typechecking.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sampan_admission.authorizing import AUTHORIZATION, AUTHORIZER, RESOURCE_CHECK
from sampan_admission.requests import REQUEST
from sampan_cel import Environment, Program, types
from sampan_cel.errors import CompileError
from sampan_cel.types import DYN, INT, STRING, TIMESTAMP, ObjectType, Type
from sampan_machinery.expressions.libraries import KUBERNETES
from sampan_policies.patchtypes import PATCH_TYPES

_TEXTS = types.map_of(STRING, STRING)
#: What expressions see of the namespace of an object.
NAMESPACE = ObjectType("kubernetes.Namespace", {
    "metadata": ObjectType("kubernetes.NamespaceMetadata", {
        "name": STRING, "generateName": STRING, "namespace": STRING, "labels": _TEXTS, "annotations": _TEXTS,
        "UID": STRING, "creationTimestamp": TIMESTAMP, "deletionGracePeriodSeconds": INT,
        "deletionTimestamp": TIMESTAMP, "generation": INT, "resourceVersion": STRING,
        "finalizers": types.list_of(STRING),
    }),
    "spec": ObjectType("kubernetes.NamespaceSpec", {"finalizers": types.list_of(STRING)}),
    "status": ObjectType("kubernetes.NamespaceStatus", {
        "conditions": types.list_of(ObjectType("kubernetes.NamespaceCondition", {
            "status": STRING, "type": STRING, "lastTransitionTime": TIMESTAMP, "message": STRING, "reason": STRING,
        })),
        "phase": STRING,
    }),
})  # fmt: skip
NAMESPACE_METADATA = frozenset({*NAMESPACE.fields["metadata"].fields, "uid"} - {"UID"})  # type: ignore[attr-defined]

#: What an expression may evaluate to; () is anything.
TRUTH, TEXT, TEXT_OR_NULL, ANYTHING = (types.BOOL,), (STRING,), (STRING, types.NULL), ()


class Miscompiled(Exception):
    """An expression cannot be used; the message is upstream's."""


@lru_cache(8)
def environment(*, params: bool, authorizer: bool, patches: bool = False) -> Environment:
    """Without the variables of a policy."""
    found: dict[str, Type] = {"object": DYN, "oldObject": DYN, "namespaceObject": NAMESPACE, "request": REQUEST}
    if params:
        found["params"] = DYN
    if authorizer:
        found |= {"authorizer": AUTHORIZER, "authorizer.requestResource": RESOURCE_CHECK}
    libraries = (*KUBERNETES, AUTHORIZATION, PATCH_TYPES) if patches else (*KUBERNETES, AUTHORIZATION)
    return Environment(found, libraries)


def with_variables(base: Environment, known: Mapping[str, Type]) -> Environment:
    """With ``variables``, the composed variables that are known so far."""
    return base.extended({"variables": ObjectType("kubernetes.variables", dict(known))})


def compiled(base: Environment, text: str, wanted: Sequence[Type] = ANYTHING) -> Program:
    """Raises Miscompiled."""
    try:
        program = base.compile(text)
    except CompileError as error:
        raise Miscompiled(f"compilation failed: {error}") from None
    if wanted and program.type not in wanted:
        shown = str(wanted[0]) if len(wanted) == 1 else f"one of [{' '.join(map(str, wanted))}]"
        raise Miscompiled(f"must evaluate to {shown} but got {program.type}")
    return program
