"""The hooks that a component may ask of other plugins: those that it names, and no others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sampan.contracts.components import Contributed
from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import ReconcilerContext
from sampan_server.plugins.plugins import Plugins


class HooksOf:
    """``sampan.contracts.components.Hooks`` over the plugins of this process; ``names`` None: all hooks."""

    def __init__(self, plugins: Plugins, names: Collection[str] | None, *, home: str, options: ClusterOptions) -> None:
        self._plugins, self._names = plugins, names
        self._home, self._options = home, options

    def ask(self, hook: str, **facts: Any) -> list[Contributed[Any]]:
        self._require(hook)
        return [
            Contributed(name, answer, self._plugins.isolation(name) if self._plugins.is_third_party(name) else None)
            for name, answer in self._plugins.ask(hook, self._context, **facts)
        ]

    def first(self, hook: str, **facts: Any) -> Any:
        self._require(hook)
        return self._plugins.first(hook, self._context, **facts)

    def _require(self, hook: str) -> None:
        if self._names is not None and hook not in self._names:
            raise LookupError(f"{hook} is not among the hooks that the component names in Component.hooks")

    def _context(self, name: str) -> ReconcilerContext:
        others = HooksOf(self._plugins, None, home=self._home, options=self._options)
        return ReconcilerContext(
            settings=self._plugins.settings_of(name), home=self._home, options=self._options, hooks=others
        )
