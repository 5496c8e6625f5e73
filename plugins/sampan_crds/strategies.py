"""Which strategy a definition converts by."""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_crds.converting import Strategy, rename


def strategies(reader: Reader) -> Callable[[Object], tuple[Strategy, bool]]:
    """For each definition its strategy, and whether that may wait for another server."""

    def of(crd: Object) -> tuple[Strategy, bool]:
        conversion = crd["spec"].get("conversion") or {}
        if conversion.get("strategy") != "Webhook":
            return rename, False
        from sampan_crds.webhook import WebhookStrategy  # only for definitions that have one

        return WebhookStrategy(crd, reader), True

    return of
