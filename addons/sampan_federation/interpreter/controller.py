"""Follows ResourceInterpreterCustomizations: compiles them, and says what is wrong with one in an Event about it."""

from __future__ import annotations

import logging
from collections.abc import Hashable

from sampan.contracts.kinds import Object
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.interpreter.customizations import rules_of
from sampan_federation.resources import INTERPRETER_CUSTOMIZATIONS

log = logging.getLogger(__name__)


class Customizations:
    """Satisfies ``Controller``. One key: all of them are compiled together, for one may come before another."""

    name = "customizations"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        self._customizations = context.caches.of(INTERPRETER_CUSTOMIZATIONS)
        self._said: dict[str, list[str]] = {}

    def start(self, enqueue: Enqueue) -> None:
        self._customizations.on_change(lambda old, new: enqueue("all"))

    def handle(self, key: Hashable) -> float | None:
        customizations = self._customizations.list()
        rules, problems = rules_of(customizations)
        self._context.interpreter.customize(rules)
        for custom in customizations:
            self._say(custom, problems.get(custom["metadata"]["name"], []))
        self._said = problems
        return None

    def close(self) -> None:
        return None

    def _say(self, custom: Object, problems: list[str]) -> None:
        name = custom["metadata"]["name"]
        if problems == self._said.get(name, []):
            return
        for problem in problems:
            log.warning("resourceinterpretercustomizations/%s: %s", name, problem)
            self._context.recorder.event(custom, "Warning", "RuleRefused", problem)
