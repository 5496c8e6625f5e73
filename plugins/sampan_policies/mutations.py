"""What MutatingAdmissionPolicies make of one request: they change its object.

Source: apiserver's admission/plugin/policy/mutating/dispatcher.go. In the second round of admission, policies with
reinvocationPolicy IfNeeded that had a say in the first one are asked again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan.errors import Cause, Forbidden, StatusError
from sampan_admission.authorizing import Decide
from sampan_policies.active import Bound
from sampan_policies.evaluation import Failed, error_type
from sampan_policies.figures import NO_ERROR, Observe, unobserved
from sampan_policies.mutating import MutatingPolicy
from sampan_policies.requesting import Match, Requested, Trouble


class DeniedByPolicy(Forbidden):
    """A mutation failed: upstream answers 403 with the reason Invalid."""

    reason = "Invalid"


def mutate(
    review: Review, policies: Sequence[Bound[MutatingPolicy]], decide: Decide, observe: Observe = unobserved
) -> None:
    """Changes ``review.object``; raises what fails."""
    if review.object is None:
        return
    requested = Requested(review, decide)
    troubles: list[tuple[str, bool]] = []  # message, and whether it has the reason Invalid
    asked: set[Any] = review.state.setdefault("MutatingAdmissionPolicy", set())
    for bound in policies:
        policy = bound.policy
        if review.reinvoked and not policy.is_reinvoked:
            continue
        for match in requested.matches(bound):
            if isinstance(match, Trouble):
                found = [match.message]
            else:
                key = (policy.name, match.binding.name, _key(match.param))
                if review.reinvoked and key not in asked:
                    continue
                asked.add(key)
                found = _mutated(requested, policy, match, observe)
            if not policy.ignores_failure:
                binding, invalid = match.binding.name if match.binding else "", isinstance(match, Match)
                troubles += [(_message(policy.name, binding, each), invalid) for each in found]
    if troubles:
        raise _refusal(review, troubles)


def _mutated(requested: Requested, policy: MutatingPolicy, match: Match, observe: Observe) -> list[str]:
    """Runs the mutations of a policy; what failed."""
    review = requested.review

    def merge(obj: Object, config: Object) -> Object:
        return requested.merged(obj, config, match.resource)

    assert review.object is not None
    shown = requested.shown(review.object, match.resource)
    assert shown is not None
    try:
        if not policy.matches_conditions(requested.values(match, shown)):
            return []
    except Failed as error:
        return [str(error)]
    failed: list[str] = []
    names = policy.name, match.binding.name
    for mutation in policy.mutations:
        began = time.perf_counter()
        try:
            changed = policy.mutate(mutation, shown, requested.values(match, shown), merge)
            kept = changed if changed is shown else requested.kept(changed, match.resource)
        except (Failed, StatusError) as error:
            failed.append(error.message if isinstance(error, StatusError) else str(error))
            observe(*names, error_type(failed[-1]), "deny", time.perf_counter() - began)
            continue
        observe(*names, NO_ERROR, "allow", time.perf_counter() - began)
        if kept is shown:
            continue
        review.object.clear()  # changed in place: the server has it
        review.object.update(kept)
        shown = requested.shown(review.object, match.resource)
        assert shown is not None
    return failed


def _key(param: Object | None) -> tuple[str, str]:
    meta = (param or {}).get("metadata") or {}
    return str(meta.get("namespace") or ""), str(meta.get("name") or "")


def _message(policy: str, binding: str, message: str) -> str:
    if binding:
        return f"policy '{policy}' with binding '{binding}' denied request: {message}"
    return f'policy "{policy}" denied request: {message}'


def _refusal(review: Review, troubles: Sequence[tuple[str, bool]]) -> Forbidden:
    first, invalid = troubles[0]
    return (DeniedByPolicy if invalid else Forbidden)(
        first, group=review.kind.group, kind=review.kind.plural, name=review.name,
        causes=tuple(Cause("", message) for message, _ in troubles),
    )  # fmt: skip
