"""The hook that brings explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sampan.hookspecs.markers import hookspec
from sampan_explain.contracts import Explainer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.reconciling import ReconcilerContext


@hookspec
def contribute_explainers(context: ReconcilerContext) -> Sequence[Explainer]:
    """Say why objects of a kind are as they are, for `sampan why`.

    Called: once by each process that explains objects. Must be cheap: import what ``explain`` needs within it.
    Answer: a sequence of Explainer; several may be for one kind, and their causes come after sampan's own.
    Failure: raise; the plugin's explainers are left out and named.
    """


def wrong_with(explainer: Any) -> str:
    """Why it is no explainer, "" where it is one."""
    if isinstance(explainer, Explainer):
        return "" if explainer.kind and callable(explainer.explain) else "an Explainer needs kind and explain"
    return f"an Explainer is wanted, not {repr(explainer)[:60]} ({type(explainer).__name__})"


#: What each element of an answer has to be.
CHECKS = {"contribute_explainers": wrong_with}
