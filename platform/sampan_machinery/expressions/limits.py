"""The limits of what the rules of a structural schema may cost, estimated when the schema is written.

Source: apiextensions-apiserver's validation (cel_validation.go, getExpressionCost, getCostErrorMessage). A rule counts
as often as its place can be in an object: by the maxItems and maxProperties around it, or else as often as what is
there fits into a request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sampan.contracts.kinds import Problem
from sampan_cel import Environment, types
from sampan_cel.errors import CompileError
from sampan_cel.ranges import MOST
from sampan_machinery import problems
from sampan_machinery.expressions.declarations import declared
from sampan_machinery.expressions.libraries import KUBERNETES
from sampan_machinery.expressions.sizes import most_often, sized, sizes_of
from sampan_machinery.structural.nodes import EMBEDDED, RULES, Schema

EACH, TOTAL = 10_000_000, 100_000_000
_NAMED = 4  # of the most expensive rules of a schema that is too expensive as a whole


@dataclass
class _Spent:
    total: int = 0
    #: The rules that are at least a hundredth of what all may cost, as (cost, path).
    expensive: list[tuple[int, str]] = field(default_factory=list)

    def add(self, path: str, cost: int) -> None:
        self.total = min(self.total + cost, MOST)
        if cost >= TOTAL // 100:
            self.expensive.append((cost, path))


def over_limits(schema: Schema, path: str, *, each: bool = True) -> Iterator[Problem]:
    """Rules that cost too much, and a schema whose rules do together. ``path``: of the schema, for messages. ``each``
    False: single rules are left alone, as those of a definition that is there already. Rules that do not compile are
    passed over: ``rules`` says what is wrong with them."""
    spent = _Spent()
    yield from _walk(schema, path, 1, spent, root=True, each=each)
    if spent.total > TOTAL:
        spent.expensive.sort(key=lambda found: -found[0])
        for _, rule in spent.expensive[:_NAMED]:
            words = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
            yield problems.forbidden(rule, words)
        what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        yield problems.forbidden(path, _exceeded(what, spent.total, TOTAL))


def _walk(schema: Schema, path: str, often: int | None, spent: _Spent, *, root: bool, each: bool) -> Iterator[Problem]:
    """``often``: how many times the place can be in an object; None: nothing bounds it."""
    if schema.get(RULES):
        yield from _rules(schema, path, often, spent, root=root, each=each)
    below = _times(often, schema)
    for name, child in (schema.get("properties") or {}).items():
        if isinstance(child, Mapping):
            yield from _walk(child, f"{path}.properties[{name}]", below, spent, root=_embedded(child), each=each)
    for name in ("additionalProperties", "items"):
        child = schema.get(name)
        if isinstance(child, Mapping):
            yield from _walk(child, f"{path}.{name}", below, spent, root=_embedded(child), each=each)


def _embedded(schema: Schema) -> bool:
    return bool(schema.get(EMBEDDED))


def _times(often: int | None, schema: Schema) -> int | None:
    """How many times what is below a schema can be in an object."""
    bound: Any = 1
    if schema.get("type") == "array":
        bound = schema.get("maxItems")
    elif schema.get("type") == "object" and schema.get("additionalProperties"):
        bound = schema.get("maxProperties")
    return None if often is None or bound is None else min(often * max(int(bound), 0), MOST)


def _rules(schema: Schema, path: str, often: int | None, spent: _Spent, *, root: bool, each: bool) -> Iterator[Problem]:
    own, size = declared(schema, root=root)[0], sized(schema, root=root)
    if size is None:
        return
    count = most_often(size) if often is None else often
    for index, rule in enumerate(schema.get(RULES) or ()):
        old = types.optional_of(own) if rule.get("optionalOldSelf") else own
        environment = Environment({"self": own, "oldSelf": old}, KUBERNETES)
        for name, times, what in (
            ("rule", count, "estimated rule cost"), ("messageExpression", 1, "estimated messageExpression cost"),
        ):  # fmt: skip
            try:
                found = environment.compile(str(rule.get(name) or "''"), sizes=sizes_of(size)).estimate
            except CompileError:
                break
            cost = min(found.high * times, MOST) if found is not None else 0
            at = f"{path}.{RULES}[{index}].{name}"
            if each and cost > EACH:
                yield problems.forbidden(at, _exceeded(what, cost, EACH))
            spent.add(at, cost)


def _exceeded(what: str, cost: int, limit: int) -> str:
    factor = cost / limit
    if factor > 100:
        shown = "more than 100x"
    elif factor < 1.5:
        shown = f"{factor:f}x"  # so that it never shows 1.0 for what exceeds
    else:
        shown = f"{factor:.1f}x"
    advice = (
        "try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings "
        "are declared"
    )
    return f"{what} exceeds budget by factor of {shown} ({advice})"
