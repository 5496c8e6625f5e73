"""Which strategy a definition converts by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_crds.converting import Strategy, rename

if TYPE_CHECKING:
    from sampan_webhookclient.client import WebhookClient


class Strategies:
    """For each definition its strategy, and whether that may wait for another server. Webhooks share one client, which
    is made when the first definition needs it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._client: WebhookClient | None = None

    def __call__(self, crd: Object) -> tuple[Strategy, bool]:
        conversion = crd["spec"].get("conversion") or {}
        if conversion.get("strategy") != "Webhook":
            return rename, False
        from sampan_crds.webhook import WebhookStrategy  # only for definitions that have one
        from sampan_webhookclient.client import WebhookClient

        if self._client is None:
            self._client = WebhookClient()
        return WebhookStrategy(crd, self._reader, self._client), True

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
