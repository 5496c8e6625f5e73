"""Which container runtimes the plugins offer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sampan_runtime.contracts import RuntimeOffer

AUTO = "auto"


class Asking(Protocol):
    """What is needed of the loaded plugins."""

    def ask(self, hook: str) -> Iterable[tuple[str, Any]]: ...


def offered(answers: Iterable[Iterable[RuntimeOffer]]) -> list[RuntimeOffer]:
    """All of them, the preferred first."""
    return sorted((offer for answer in answers for offer in answer), key=lambda offer: (-offer.priority, offer.name))


def offers_of(plugins: Asking) -> list[RuntimeOffer]:
    """Those of all enabled plugins, the preferred first."""
    return offered(answer for _, answer in plugins.ask("contribute_runtimes"))


def host_address(wanted: str, offers: Sequence[RuntimeOffer]) -> str:
    """Where pods reach this machine; "" for loopback. ``wanted`` is a runtime's name, or auto."""
    named = [offer for offer in offers if offer.name == wanted]
    asked = named or (offer for offer in offers if not offer.unavailable())
    return next((address for offer in asked if (address := offer.host_address())), "")
