"""``matchConditions``: expressions that all have to be true for a webhook or a policy to be asked. Compiled once.

Source: KEP-3716; apiserver's plugin/webhook/matchconditions: one that is false decides, whatever the others say;
else an error counts by the failure policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object, Resource
from sampan_admission.authorizing import AUTHORIZATION, AUTHORIZER, RESOURCE_CHECK, Authorizer, Decide, ResourceCheck
from sampan_admission.requests import REQUEST, request_of
from sampan_admission.subjects import Subject
from sampan_cel import CelError, CostExceeded, Environment, Program, types
from sampan_cel.errors import CompileError
from sampan_machinery.expressions.libraries import KUBERNETES

#: What all conditions of one webhook or policy may cost; a quarter of the budget of a policy, as upstream.
BUDGET = 2_500_000


class Condition(NamedTuple):
    name: str
    program: Program


class Verdict(NamedTuple):
    """Whether all conditions are true. ``error``: one could not be evaluated, and none is false."""

    matches: bool
    error: str = ""


@cache
def environment() -> Environment:
    """What a match condition may name. Made when the first one is compiled."""
    variables = {
        "object": types.DYN, "oldObject": types.DYN, "namespaceObject": types.DYN, "request": REQUEST,
        "authorizer": AUTHORIZER, "authorizer.requestResource": RESOURCE_CHECK,
    }  # fmt: skip
    return Environment(variables, (*KUBERNETES, AUTHORIZATION))


def complaint(expression: str) -> str:
    """Why it cannot be a match condition, worded as upstream; "" where it can."""
    try:
        found = environment().compile(expression)
    except CompileError as error:
        return f"compilation failed: {error}"
    return "" if found.type == types.BOOL else f"must evaluate to bool but got {found.type}"


def compiled(conditions: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """Raises ParseError or CheckError."""
    return tuple(
        Condition(str(each.get("name") or ""), environment().compile(str(each["expression"]), result=types.BOOL))
        for each in conditions
    )


def variables(
    subject: Subject, matched: Resource, obj: Object | None, old: Object | None, decide: Decide
) -> dict[str, Any]:
    """The values that expressions see, of a request that matched in a version of its resource."""
    caller = Authorizer(subject.user, decide)
    own = ResourceCheck(
        caller, subject.resource.group, subject.resource.plural, subject.subresource, subject.namespace, subject.name
    )
    return {
        "object": obj, "oldObject": old, "namespaceObject": None, "request": request_of(subject, matched),
        "authorizer": caller, "authorizer.requestResource": own,
    }  # fmt: skip


def evaluate(conditions: Sequence[Condition], values: Mapping[str, Any]) -> Verdict:
    """All of them within one budget."""
    left, errors = BUDGET, []
    for condition in conditions:
        try:
            value, cost = condition.program.measure(values, budget=left)
        except CelError as error:
            errors.append(f"expression '{condition.program.text}' resulted in error: {error}")
            continue
        except CostExceeded:
            words = "validation failed due to running out of cost budget, no further validation rules will be run"
            return Verdict(False, words)
        left -= cost
        if value is False:
            return Verdict(False)
        if value is not True:
            errors.append(f"expression '{condition.program.text}' resulted in error: must evaluate to bool")
    return Verdict(not errors, errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]" if errors else "")
