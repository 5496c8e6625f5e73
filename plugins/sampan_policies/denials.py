"""What ValidatingAdmissionPolicies make of one request: denials, warnings and audit annotations.

Source: apiserver's admission/plugin/policy/validating/dispatcher.go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object, Resource
from sampan.errors import Cause, Forbidden, Invalid, StatusError, TooLarge
from sampan_admission.authorizing import Decide
from sampan_policies.active import Binding, Bound
from sampan_policies.evaluation import error_type
from sampan_policies.figures import NO_ERROR, Observe, unobserved
from sampan_policies.requesting import Match, Requested, Trouble
from sampan_policies.validating import Decision, Outcome, ValidatingPolicy

FAILURES = "validation.policy.admission.k8s.io/validation_failure"  # the audit annotation of the action Audit
LONGEST_ANNOTATION = 10 * 1024
_ERRORS: dict[str, type[StatusError]] = {"Forbidden": Forbidden, "RequestEntityTooLarge": TooLarge}


class Denial(NamedTuple):
    policy: str
    binding: str  # "" for a policy that cannot be used
    message: str
    reason: str = ""


def validate(
    review: Review, policies: Sequence[Bound[ValidatingPolicy]], decide: Decide, observe: Observe = unobserved
) -> None:
    """Raises the first denial."""
    requested = Requested(review, decide)
    shown: dict[Resource, Object | None] = {}  # the object, by version
    denials: list[Denial] = []
    for bound in policies:
        denials += _Run(requested, bound, shown, observe).denials()
    if denials:
        raise _refusal(review, denials[0])


class _Run:
    """One policy and one request."""

    def __init__(
        self,
        requested: Requested,
        bound: Bound[ValidatingPolicy],
        shown: dict[Resource, Any],
        observe: Observe,
    ) -> None:
        self._requested, self._bound, self._shown, self._observe = requested, bound, shown, observe
        self._annotations: dict[str, list[str]] = {}

    def denials(self) -> list[Denial]:
        policy, found = self._bound.policy, list[Denial]()
        for match in self._requested.matches(self._bound):
            if isinstance(match, Trouble):
                if not policy.ignores_failure:
                    found.append(Denial(policy.name, match.binding.name if match.binding else "", match.message))
                continue
            found += self._acted(match.binding, policy.evaluate(self._values(match)))
        for key, values in self._annotations.items():
            self._requested.review.audit_annotations[f"{policy.name}/{key}"] = ", ".join(values)
        return found

    def _values(self, match: Match) -> Any:
        if match.resource not in self._shown:
            self._shown[match.resource] = self._requested.shown(self._requested.review.object, match.resource)
        return self._requested.values(match, self._shown[match.resource])

    def _acted(self, binding: Binding, outcome: Outcome) -> list[Denial]:
        """What the binding's actions make of an outcome."""
        policy, review = self._bound.policy, self._requested.review
        found: list[Denial] = []
        for index, decision in enumerate(outcome.decisions):
            error = error_type(decision.message) if decision.failed else NO_ERROR
            seconds = outcome.seconds[index] if index < len(outcome.seconds) else 0.0
            if not decision.denies:
                if decision.failed:
                    self._observe(policy.name, binding.name, error, "allow", seconds)
                continue
            for action in binding.actions:
                self._observe(policy.name, binding.name, error, action.lower(), seconds)
                if action == "Deny":
                    found.append(Denial(policy.name, binding.name, decision.message, decision.reason))
                elif action == "Audit":
                    review.audit_annotations[FAILURES] = _failure(policy.name, binding, index, decision)
                elif action == "Warn":
                    review.warnings.append(
                        f"Validation failed for ValidatingAdmissionPolicy '{policy.name}' with binding "
                        f"'{binding.name}': {decision.message}"
                    )
        for key, value in outcome.annotations.items():
            values = self._annotations.setdefault(key, [])
            if (short := value.encode()[:LONGEST_ANNOTATION].decode(errors="ignore")) not in values:
                values.append(short)
        for message in outcome.annotation_errors:
            self._observe(policy.name, binding.name, error_type(message), "deny", 0.0)
        return [*found, *(Denial(policy.name, binding.name, message) for message in outcome.annotation_errors)]


def _failure(policy: str, binding: Binding, index: int, decision: Decision) -> str:
    failure = {
        "message": decision.message, "policy": policy, "binding": binding.name, "expressionIndex": index,
        "validationActions": list(binding.actions),
    }  # fmt: skip
    return json.dumps([failure], ensure_ascii=False, separators=(",", ":"))


def _refusal(review: Review, denial: Denial) -> StatusError:
    by = f" with binding '{denial.binding}'" if denial.binding else ""
    message = f"ValidatingAdmissionPolicy '{denial.policy}'{by} denied request: {denial.message}"
    resource = (review.requested or review.kind.resource).group_resource
    name = f' "{review.name}"' if review.name else ""
    return _ERRORS.get(denial.reason, Invalid)(
        f"{resource}{name} is forbidden: {message}",
        group=review.kind.group, kind=review.kind.plural, name=review.name, causes=(Cause("", message),),
    )  # fmt: skip
