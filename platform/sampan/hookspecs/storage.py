"""Hooks that give the cluster a place to keep its objects, and that change values on their way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sampan.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sampan.contracts.serving import ServerContext
    from sampan.contracts.store import Store
    from sampan.contracts.transforming import KeyProvider, KeyProviderSource, ValueTransformer


@hookspec(firstresult=True)
def provide_store(url: str, history: float) -> Store | None:
    """Open the store that ``url`` names (sqlite:///path, memory://, etcd://host:port, postgresql://…).

    ``history``: seconds that earlier revisions are to be readable; a store that compacts by itself keeps them so long.

    Called: once in each API server process, after the fork, before the first request.
    Answer: a Store if the scheme is yours, else None; the first Store wins.
    Failure: raise; a platform without a store does not start.
    """


@hookspec(firstresult=True)
def provide_value_transformer(
    context: ServerContext,
    providers: Sequence[KeyProvider],
    sources: Sequence[KeyProviderSource],
    sensitive: Sequence[str],
) -> ValueTransformer | None:
    """Transform the stored values of sensitive kinds, such as Secrets.

    Called: once in each API server process, before the store is read. ``providers`` are those of
    ``contribute_key_providers``, ``sources`` those of ``contribute_key_provider_sources``; ``sensitive`` are the
    prefixes in the store of the kinds that are sensitive.
    Answer: a ValueTransformer, else None; the first one wins. Without any, values are stored as they are.
    Failure: raise; the server does not start.
    """


@hookspec
def contribute_key_providers(context: ServerContext) -> Sequence[KeyProvider]:
    """Offer keys that are kept elsewhere, for what is encrypted at rest.

    Called: once in each API server process, before ``provide_value_transformer``.
    Answer: a sequence of KeyProvider; the setting ``plugins.encryption.provider`` chooses one by its name.
    Failure: raise; the server does not start.
    """


@hookspec
def contribute_key_provider_sources(context: ServerContext) -> Sequence[KeyProviderSource]:
    """Offer to reach key providers at addresses that an EncryptionConfiguration names.

    Called: once in each API server process, before ``provide_value_transformer``.
    Answer: a sequence of KeyProviderSource; the configuration's provider of that name is made by it.
    Failure: raise; the server does not start.
    """
