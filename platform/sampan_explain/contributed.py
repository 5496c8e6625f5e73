"""Asking for explainers."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sampan.contracts.components import Contributed, Hooks
from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.contracts import Explainer
from sampan_explain.objects import Objects

HOOK = "contribute_explainers"
log = logging.getLogger(__name__)


def explainers(hooks: Hooks | None) -> list[Explainer]:
    """Those of all plugins; what one of a third-party plugin raises is logged and costs only its own causes."""
    if hooks is None:
        return []
    return [_guarded(found, each) for found in hooks.ask(HOOK) for each in found.answer]


def _guarded(found: Contributed[list[Explainer]], each: Explainer) -> Explainer:
    if found.isolation is None:
        return each

    def explain(obj: Object, objects: Objects) -> Iterable[Cause]:
        try:
            return [cause for cause in each.explain(obj, objects) if isinstance(cause, Cause)]
        except Exception:
            log.exception("plugin %s failed to explain a %s", found.plugin, each.kind)
            return []

    return Explainer(group=each.group, kind=each.kind, explain=explain)
