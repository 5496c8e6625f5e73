"""Rules of plugins (hook ``contribute_interpreters``), called with a deadline where the plugin is a third party's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sampan.contracts.components import Contributed
from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.interpreter.reading import bounded
from sampan_federation.interpreter.replicas import Replicas
from sampan_federation.interpreter.rules import RuleFailed, Rules
from sampan_machinery.metadata import copy

HOOK = "contribute_interpreters"
SECONDS = 5.0  # for one call of a third-party plugin


def rules_of_plugins(contributed: Iterable[Contributed[Sequence[Any]]]) -> dict[KindName, Rules]:
    """Of two interpreters for one kind, that of the plugin whose name is first counts."""
    found: dict[KindName, Rules] = {}
    for each in contributed:
        for interpreter in each.answer:
            found.setdefault(KindName(interpreter.api_version, interpreter.kind), _rules(interpreter, each))
    return found


def _rules(interpreter: Any, by: Contributed[Any]) -> Rules:
    def rule(name: str, check: Callable[[Any], Any]) -> Callable[..., Any] | None:
        method = getattr(interpreter, name, None)
        if not callable(method):
            return None
        return lambda *given: check(_call(by, name, method, given))

    def checked(name: str, wanted: type) -> Callable[[Any], Any]:
        def check(answer: Any) -> Any:
            if not isinstance(answer, wanted):
                raise RuleFailed(f"plugin {by.plugin}: {name} returned {type(answer).__name__}, not {wanted.__name__}")
            return answer

        return check

    return Rules(
        replicas=rule("replicas", lambda answer: _replicas(answer, by.plugin)),
        revise=rule("revise", checked("revise", dict)),
        retain=rule("retain", checked("retain", dict)),
        health=rule("health", checked("health", bool)),
        reflect=rule("reflect", bounded),
        aggregate=rule("aggregate", checked("aggregate", dict)),
        dependencies=rule("dependencies", checked("dependencies", list)),
    )


def _call(by: Contributed[Any], name: str, method: Callable[..., Any], given: Sequence[Any]) -> Any:
    copies = [copy(each) for each in given]
    try:
        if by.isolation is None:
            return method(*copies)
        return by.isolation.call(f"{HOOK}.{name}", lambda: method(*copies), seconds=SECONDS, passes=())
    except SampanError as error:
        raise RuleFailed(str(error)) from error
    except Exception as error:
        raise RuleFailed(f"plugin {by.plugin}: {name} raised {type(error).__name__}: {error}") from error


def _replicas(answer: Any, plugin: str) -> Replicas:
    number, requirements = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, None)
    if type(number) is not int or number < 0 or not isinstance(requirements, dict | None):
        raise RuleFailed(
            f"plugin {plugin}: replicas returned {repr(answer)[:60]}, not a number or (number, requirements)"
        )
    need: Object | None = requirements
    return Replicas(number, need)
