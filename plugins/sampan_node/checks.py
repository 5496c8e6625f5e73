"""What a node needs of this machine."""

from __future__ import annotations

from collections.abc import Sequence

from sampan.contracts.checks import CheckContext, Finding
from sampan_runtime.contracts import RuntimeOffer
from sampan_runtime.offers import AUTO, offered


def runtime(context: CheckContext) -> list[Finding]:
    """Which container runtime a node that starts now would use; nothing where none is wanted or one runs."""
    if not (context.starting and context.options.node_name):
        return []
    offers = offered(found.answer for found in context.hooks.ask("contribute_runtimes"))
    wanted = context.options.runtime
    return [_automatic(offers) if wanted == AUTO else _named(wanted, offers)]


def _automatic(offers: Sequence[RuntimeOffer]) -> Finding:
    passed_over: list[str] = []
    for offer in offers:
        if not (why := offer.unavailable()):
            words = f"pods run as {offer.pods}"
            before = passed_over or ([offer.found] if offer.found else [])
            text = f"{', '.join(before)}: {words}" if before else words
            return Finding("note" if passed_over else "ok", text)
        passed_over.append(why)
    return Finding("bad", f"no container runtime can be used: {', '.join(passed_over) or 'no plugin provides one'}")


def _named(wanted: str, offers: Sequence[RuntimeOffer]) -> Finding:
    offer = next((each for each in offers if each.name == wanted), None)
    if offer is None:
        return Finding("note", f"node.runtime is {wanted}; whether it can be used is known when the node starts")
    if why := offer.unavailable():
        return Finding("bad", f"node.runtime is {wanted}, but {why}")
    words = f"pods run as {offer.pods}"
    return Finding("ok", f"{offer.found}: {words}" if offer.found else f"{words}, as node.runtime says")
