"""What both sorts of policies have in common: criteria, match conditions, composed variables, parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_admission.criteria import Criteria
from sampan_cel import Environment, Program
from sampan_cel.types import DYN, Type
from sampan_policies.evaluation import Evaluation, Failed, OutOfBudget
from sampan_policies.expressions import ANYTHING, TRUTH, Miscompiled, compiled, environment, with_variables

#: A compiled expression, or why it could not be compiled.
Maybe = Program | str
#: What all match conditions of a policy may cost.
CONDITIONS_BUDGET = 2_500_000


class Policy:
    """One policy object. Immutable but for what is compiled when it is first evaluated."""

    def __init__(self, obj: Object) -> None:
        self.name = str(obj["metadata"]["name"])
        self.spec: Mapping[str, Any] = obj.get("spec") or {}
        self.param_kind: Mapping[str, Any] | None = self.spec.get("paramKind")
        self.ignores_failure = self.spec.get("failurePolicy") == "Ignore"
        self.criteria = Criteria.of_policy(self.spec.get("matchConstraints") or {})
        self._variables: dict[str, Maybe] | None = None
        self._types: dict[str, Type] = {}
        self._conditions: Sequence[Maybe] | None = None

    @property
    def variables(self) -> Mapping[str, Maybe]:
        """The programs of the composed variables, in their order."""
        if self._variables is None:
            found: dict[str, Maybe] = {}
            for each in self.spec.get("variables") or ():
                name = str(each.get("name") or "")
                program = self._program(str(each.get("expression") or ""), ANYTHING, self._environment(True, False))
                found[name] = program
                self._types[name] = DYN if isinstance(program, str) else program.type
            self._variables = found
        return self._variables

    def program(self, text: str, wanted: Sequence[Type], *, authorizer: bool = True, patches: bool = False) -> Maybe:
        """An expression that may name all variables."""
        assert self.variables is not None
        return self._program(text, wanted, self._environment(authorizer, patches))

    def _environment(self, authorizer: bool, patches: bool) -> Environment:
        base = environment(params=self.param_kind is not None, authorizer=authorizer, patches=patches)
        return with_variables(base, self._types)

    def _program(self, text: str, wanted: Sequence[Type], base: Environment) -> Maybe:
        try:
            return compiled(base, text, wanted)
        except Miscompiled as error:
            return str(error)

    def matches_conditions(self, values: Mapping[str, Any]) -> bool:
        """Whether every match condition is true; one that is false decides. Raises Failed, unless failures are
        ignored: then a policy whose conditions fail does not match."""
        conditions = self._conditions
        if conditions is None:
            conditions = self._conditions = [
                self.program(str(each.get("expression") or ""), TRUTH)
                for each in self.spec.get("matchConditions") or ()
            ]
        if not conditions:
            return True
        evaluation = Evaluation({**values, "namespaceObject": None}, self.variables, budget=CONDITIONS_BUDGET)
        errors = []
        for each in conditions:
            try:
                if isinstance(each, str):
                    raise Failed(f"compilation error: {each}")
                if evaluation.value(each) is not True:
                    return False
            except Failed as error:
                errors.append(str(error))
            except OutOfBudget as error:
                errors = [str(error)]
                break
        if not errors:
            return True
        if self.ignores_failure:
            return False
        raise Failed(errors[0] if len(errors) == 1 else f"[{', '.join(dict.fromkeys(errors))}]")
