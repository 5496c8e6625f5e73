"""Defaults must be objects that the schema takes, without fields that it does not know.

Source: apiextensions-apiserver, pkg/apiserver/schema/defaulting/validation.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sampan.contracts.kinds import Object, Problem
from sampan_crds.validation.rules import has_rules
from sampan_machinery import problems
from sampan_machinery.structural import checking, filling
from sampan_machinery.structural.checking import is_same
from sampan_machinery.structural.nodes import EMBEDDED, SchemaNode

_META = ("metadata", "kind", "apiVersion")


def check_defaults(schema: Object, path: str, *, root: bool = True, in_metadata: bool = False) -> Iterator[Problem]:
    """Everything wrong with the defaults in a structural schema; there are none below additionalProperties."""
    if "default" in schema:
        yield from _check_default(schema, f"{path}.default", in_metadata=in_metadata)
    if isinstance(schema.get("items"), dict):
        yield from check_defaults(schema["items"], f"{path}.items", root=False, in_metadata=in_metadata)
    for name, below in (schema.get("properties") or {}).items():
        meta = in_metadata or ((root or bool(schema.get(EMBEDDED))) and name in _META)
        yield from check_defaults(below, f"{path}.properties[{name}]", root=False, in_metadata=meta)


def _check_default(schema: Object, path: str, *, in_metadata: bool) -> Iterator[Problem]:
    value = schema["default"]
    if not in_metadata and not is_same(filling.prune(value, SchemaNode(schema)), value):
        yield problems.invalid(path, value, "must not have unknown fields")
    misfits = list(islice(checking.check(value, schema, ""), checking.MOST))
    for problem in misfits or _check_rules(schema, value):
        yield Problem(_joined(path, problem.path), problem.reason, problem.message)


def _check_rules(schema: Object, value: object) -> Iterator[Problem]:
    """The rules on the default, as for a value that did not change and for one that is new."""
    if not has_rules(schema):
        return
    from sampan_machinery.expressions import rules, running

    try:
        place = rules.compiled(schema)
    except rules.RuleFault:
        return  # said elsewhere
    if place is not None:
        yield from running.check(value, value, place)
        yield from running.check(value, None, place)


def _joined(path: str, below: str) -> str:
    if not below or below == "<nil>":
        return path
    return path + below if below.startswith("[") else f"{path}.{below}"
