"""A ValidatingAdmissionPolicy, compiled: what it says of a request. Pure over the values that expressions see.

Source: apiserver's admission/plugin/policy/validating/validator.go. Expressions are compiled when the policy is first
evaluated; one that does not compile (it was stored by another server) fails as its failurePolicy says.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sampan.contracts.kinds import Object
from sampan_policies.evaluation import Evaluation, Failed, OutOfBudget
from sampan_policies.expressions import TEXT, TEXT_OR_NULL, TRUTH
from sampan_policies.policy import Maybe, Policy

LONGEST_MESSAGE = 5 * 1024


class Decision(NamedTuple):
    """What one validation says: it denies with a message, or admits."""

    denies: bool
    message: str = ""  # where it admits: of an error that is ignored
    reason: str = ""  # "": Invalid
    failed: bool = False  # the expression could not be evaluated


class Outcome(NamedTuple):
    decisions: Sequence[Decision] = ()
    annotations: Mapping[str, str] = {}
    annotation_errors: Sequence[str] = ()
    seconds: Sequence[float] = ()  # that each decision took


class Validation(NamedTuple):
    program: Maybe
    text: str
    message: str
    message_program: Maybe | None
    reason: str


class Annotation(NamedTuple):
    key: str
    program: Maybe


ADMITTED = Decision(False)


class ValidatingPolicy(Policy):
    """``actions`` are the binding's; they are not known here."""

    def __init__(self, obj: Object) -> None:
        super().__init__(obj)
        self._compiled: tuple[Sequence[Validation], Sequence[Annotation]] | None = None

    def evaluate(self, values: Mapping[str, Any]) -> Outcome:
        """With one parameter. ``values`` by the names of ``expressions.environment``."""
        try:
            if not self.matches_conditions(values):
                return Outcome()
        except Failed as error:
            return Outcome((self._for_error(str(error)),))
        validations, annotations = self._compiled or self._compile()
        evaluation = Evaluation(values, self.variables)
        decisions, seconds, now = [], [], time.perf_counter()
        try:
            for each in validations:
                decisions.append(self._decide(each, evaluation))
                began, now = now, time.perf_counter()
                seconds.append(now - began)
        except OutOfBudget as error:
            return Outcome((self._for_error(str(error)),), seconds=(time.perf_counter() - now,))
        found, errors = self._annotate(annotations, Evaluation(values, self.variables))
        return Outcome(decisions, found, errors, seconds)

    def _compile(self) -> tuple[Sequence[Validation], Sequence[Annotation]]:
        validations = []
        for each in self.spec.get("validations") or ():
            shown = each.get("messageExpression")
            validations.append(Validation(
                self.program(str(each.get("expression") or ""), TRUTH), str(each.get("expression") or ""),
                str(each.get("message") or ""), self.program(str(shown), TEXT, authorizer=False) if shown else None,
                str(each.get("reason") or ""),
            ))  # fmt: skip
        annotations = [
            Annotation(str(each["key"]), self.program(str(each["valueExpression"]), TEXT_OR_NULL))
            for each in self.spec.get("auditAnnotations") or ()
        ]
        self._compiled = validations, annotations
        return self._compiled

    def _for_error(self, message: str) -> Decision:
        return Decision(not self.ignores_failure, message, failed=True)

    def _decide(self, validation: Validation, evaluation: Evaluation) -> Decision:
        if isinstance(validation.program, str):
            return self._for_error(f"compilation error: {validation.program}")
        try:
            if evaluation.value(validation.program) is True:
                return ADMITTED
        except Failed as error:
            return self._for_error(str(error))
        try:
            message = _shown(validation.message_program, evaluation)
        except OutOfBudget as error:
            return self._for_error(f"failed messageExpression: {error}")
        message = message or validation.message.strip() or f"failed expression: {validation.text.strip()}"
        return Decision(True, message, validation.reason)

    def _annotate(self, annotations: Sequence[Annotation], evaluation: Evaluation) -> tuple[dict[str, str], list[str]]:
        """Values by key, and what failed; where failures are ignored they are left out."""
        found: dict[str, str] = {}
        errors: list[str] = []
        for each in annotations:
            try:
                value = self._annotated(each, evaluation)
            except (Failed, OutOfBudget) as error:
                errors.append(str(error))
                continue
            if value:
                found[each.key] = value
        return found, [] if self.ignores_failure else errors

    def _annotated(self, annotation: Annotation, evaluation: Evaluation) -> str:
        if isinstance(annotation.program, str):
            raise Failed(f"compilation error: {annotation.program}")
        value = evaluation.value(annotation.program)
        return value.strip() if isinstance(value, str) else ""


def _shown(program: Maybe | None, evaluation: Evaluation) -> str:
    """The message that messageExpression makes; "" where it makes none that can be shown."""
    if program is None or isinstance(program, str):
        return ""
    try:
        found = evaluation.value(program)
    except Failed:
        return ""
    text = found.strip() if isinstance(found, str) else ""
    return "" if "\n" in text or len(text.encode()) > LONGEST_MESSAGE else text
