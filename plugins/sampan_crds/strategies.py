"""Which strategy a definition converts by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_crds.converting import Strategy, rename

if TYPE_CHECKING:
    from sampan_webhookclient.client import WebhookClient


def strategies(reader: Reader) -> Callable[[Object], tuple[Strategy, bool]]:
    """For each definition its strategy, and whether that may wait for another server."""
    clients: list[WebhookClient] = []

    def of(crd: Object) -> tuple[Strategy, bool]:
        conversion = crd["spec"].get("conversion") or {}
        if conversion.get("strategy") != "Webhook":
            return rename, False
        from sampan_crds.webhook import WebhookStrategy  # only for definitions that have one
        from sampan_webhookclient.client import WebhookClient

        if not clients:
            clients.append(WebhookClient())
        return WebhookStrategy(crd, reader, clients[0]), True

    return of
