"""ResourceInterpreterCustomization: rules for a kind, as CEL expressions in place of Karmada's Lua scripts.

Each rule of ``spec.customizations`` has a field ``cel``. Its variables have the names of the Lua functions' arguments
(desiredObj, observedObj, desiredReplica, statusItems). An expression cannot change its arguments, so rules that make an
object say what is merged into it (JSON merge patch). Source: Karmada's API reference, config.karmada.io/v1alpha1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.interpreter.reading import bounded, mapping
from sampan_federation.interpreter.replicas import Replicas
from sampan_federation.interpreter.rules import RuleFailed, Rules
from sampan_machinery.patches import merge_patch

BUDGET = 1_000_000  # cost of one evaluation, in cel-go's units: some tens of milliseconds
LONGEST = 16 * 1024  # characters of an expression
MOST_DEPENDENCIES = 1000

LUA = (
    "Lua scripts are not run; write the rule as a CEL expression in {path}.cel, or in Python (contribute_interpreters)"
)


def rules_of(customizations: Iterable[Object]) -> tuple[dict[KindName, Rules], dict[str, list[str]]]:
    """Rules by kind, and what is wrong with each customization by its name. Where two have a rule for the same thing,
    that of the first name counts, as in Karmada."""
    found: dict[KindName, dict[str, Any]] = {}
    problems: dict[str, list[str]] = {}
    for custom in sorted(customizations, key=lambda each: str(each["metadata"]["name"])):
        name = custom["metadata"]["name"]
        target = mapping(custom, "spec", "target")
        kind = KindName(str(target.get("apiVersion") or ""), str(target.get("kind") or ""))
        made, wrong = _compiled(mapping(custom, "spec", "customizations"))
        if not kind.api_version or not kind.kind:
            wrong.append("spec.target: apiVersion and kind are required")
            made = {}
        if wrong:
            problems[name] = wrong
        known = found.setdefault(kind, {})
        for field, rule in made.items():
            known.setdefault(field, rule)
    return {kind: Rules(**fields) for kind, fields in found.items() if fields}, problems


def _compiled(customizations: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    made: dict[str, Any] = {}
    wrong: list[str] = []
    for name, given in customizations.items():
        path = f"spec.customizations.{name}"
        if name not in _MAKERS:
            wrong.append(f"{path}: this rule is not known")
            continue
        text = given.get("cel") if isinstance(given, Mapping) else None
        if not text:
            lua = isinstance(given, Mapping) and given.get("luaScript")
            wrong.append(f"{path}.luaScript: {LUA.format(path=path)}" if lua else f"{path}.cel: required")
            continue
        field, variables, make = _MAKERS[name]
        try:
            made[field] = make(_Expression(f"{path}.cel", str(text), variables))
        except RuleFailed as error:
            wrong.append(str(error))
    return made, wrong


class _Expression:
    """A compiled expression; its evaluation costs at most ``BUDGET``."""

    def __init__(self, path: str, text: str, variables: tuple[str, ...]) -> None:
        self.path, self._variables = path, variables
        self._program = _program(path, text, variables)

    def __call__(self, *values: Any) -> Any:
        from sampan_cel import CelError, CostExceeded

        try:
            answer = self._program.evaluate(dict(zip(self._variables, values, strict=True)), budget=BUDGET)
        except (CelError, CostExceeded) as error:
            raise RuleFailed(f"{self.path}: {error}") from error
        return self._as_json(answer)

    def map(self, *values: Any) -> Object:
        answer = self(*values)
        if not isinstance(answer, dict):
            raise RuleFailed(f"{self.path}: it returned {type(answer).__name__}, not a map")
        return answer

    def _as_json(self, value: Any) -> Any:
        found = bounded(_plain(value))
        if found is None and value is not None:
            raise RuleFailed(f"{self.path}: its answer is no JSON, or larger than 64 KiB")
        return found


@lru_cache(maxsize=256)
def _program(path: str, text: str, variables: tuple[str, ...]) -> Any:
    from sampan_cel import CheckError, Environment, ParseError, types  # 2 MB: only where there are customizations
    from sampan_machinery.expressions.libraries import KUBERNETES

    if len(text) > LONGEST:
        raise RuleFailed(f"{path}: longer than {LONGEST} characters")
    try:
        return Environment(dict.fromkeys(variables, types.DYN), KUBERNETES).compile(text)
    except (ParseError, CheckError) as error:
        raise RuleFailed(f"{path}: {error}") from error


def _plain(value: Any) -> Any:
    """A value of CEL as JSON; what is no JSON becomes its text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | float | str):
        return value
    return int(value) if isinstance(value, int) else str(value)


def _replicas(expression: _Expression) -> Callable[[Object], Replicas]:
    def rule(obj: Object) -> Replicas:
        answer = expression(obj)
        number = answer.get("replica") if isinstance(answer, dict) else answer
        if type(number) is not int or number < 0:
            raise RuleFailed(f"{expression.path}: a number, or {{'replica': number, 'requirements': …}}, is wanted")
        return Replicas(number, answer.get("requirements") if isinstance(answer, dict) else None)

    return rule


def _merging(expression: _Expression) -> Callable[[Object, Any], Object]:
    return lambda desired, value: merge_patch.apply(desired, expression.map(desired, value))


def _health(expression: _Expression) -> Callable[[Object], bool]:
    def rule(obj: Object) -> bool:
        answer = expression(obj)
        if not isinstance(answer, bool):
            raise RuleFailed(f"{expression.path}: it returned {type(answer).__name__}, not a bool")
        return answer

    return rule


def _aggregation(expression: _Expression) -> Callable[[Object, Sequence[Object]], Object]:
    return lambda desired, items: expression.map(desired, list(items))


def _dependencies(expression: _Expression) -> Callable[[Object], list[Object]]:
    def rule(obj: Object) -> list[Object]:
        answer = expression(obj)
        if not isinstance(answer, list) or not all(isinstance(each, dict) and each.get("kind") for each in answer):
            raise RuleFailed(
                f"{expression.path}: a list of references with apiVersion, kind, namespace, name is wanted"
            )
        return answer[:MOST_DEPENDENCIES]

    return rule


#: By field of spec.customizations: the field of Rules, the variables, and what makes a rule of an expression.
_MAKERS: dict[str, tuple[str, tuple[str, ...], Callable[[_Expression], Any]]] = {
    "replicaResource": ("replicas", ("desiredObj",), _replicas),
    "replicaRevision": ("revise", ("desiredObj", "desiredReplica"), _merging),
    "retention": ("retain", ("desiredObj", "observedObj"), _merging),
    "healthInterpretation": ("health", ("observedObj",), _health),
    "statusReflection": ("reflect", ("observedObj",), lambda expression: expression),
    "statusAggregation": ("aggregate", ("desiredObj", "statusItems"), _aggregation),
    "dependencyInterpretation": ("dependencies", ("desiredObj",), _dependencies),
}
