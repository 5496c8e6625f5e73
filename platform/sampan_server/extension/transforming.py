"""Puts the plugins' value transformer between the server and its store, for the kinds that are sensitive."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sampan.contracts.kinds import Kind
from sampan.contracts.serving import ServerContext
from sampan.contracts.store import Store
from sampan.contracts.transforming import KeyProvider, KeyProviderSource, WrappedKey
from sampan_isolation import Isolation
from sampan_server.plugins.plugins import Plugins
from sampan_server.registry import prefix_of
from sampan_stores.transformed import TransformedStore


def transformed(
    plugins: Plugins, context: Callable[[str], ServerContext], store: Store, kinds: Iterable[tuple[str, Kind]]
) -> Store:
    """The store itself where no kind is sensitive or no plugin transforms. Raises PluginError, Unusable."""
    prefixes = {prefix_of(kind) for _, kind in kinds if kind.sensitive and kind.answer is None}
    if not prefixes or not plugins.implementing("provide_value_transformer"):
        return store
    providers = [
        IsolatedKeyProvider(plugins.isolation(plugin), each) if plugins.is_third_party(plugin) else each
        for plugin, answer in plugins.demand("contribute_key_providers", context)
        for each in answer
    ]
    sources = [
        IsolatedSource(plugins.isolation(plugin), each) if plugins.is_third_party(plugin) else each
        for plugin, answer in plugins.demand("contribute_key_provider_sources", context)
        for each in answer
    ]
    sensitive = sorted(prefixes)
    transformer = plugins.first(
        "provide_value_transformer", context, providers=providers, sources=sources, sensitive=sensitive
    )
    if transformer is None:
        return store
    return TransformedStore(store, transformer, sorted(prefixes.union(getattr(transformer, "prefixes", ()))))


class IsolatedKeyProvider:
    """A third-party plugin's: each call has the deadline of requests, and its errors are in the failure log."""

    def __init__(self, isolation: Isolation, provider: KeyProvider) -> None:
        self.name = provider.name
        self._isolation, self._provider = isolation, provider
        self._hook = f"key provider ({provider.name})"

    def key_id(self) -> str:
        return str(self._isolation.call(self._hook, self._provider.key_id, check=_text))

    def encrypt(self, data_key: bytes) -> WrappedKey:
        answer: WrappedKey = self._isolation.call(
            self._hook, lambda: self._provider.encrypt(data_key), check=_wrapped_key
        )
        return answer

    def decrypt(self, wrapped: WrappedKey) -> bytes:
        return bytes(self._isolation.call(self._hook, lambda: self._provider.decrypt(wrapped), check=_data_key))


class IsolatedSource:
    """A third-party plugin's, whose providers are isolated too."""

    def __init__(self, isolation: Isolation, source: KeyProviderSource) -> None:
        self.name = source.name
        self._isolation, self._source = isolation, source

    def connect(self, name: str, endpoint: str, seconds: float) -> KeyProvider:
        hook = f"key provider source ({self.name})"
        made = self._isolation.call(hook, lambda: self._source.connect(name, endpoint, seconds), check=_provider)
        return IsolatedKeyProvider(self._isolation, made)


def _provider(answer: Any) -> str:
    asked = ("key_id", "encrypt", "decrypt")
    return "" if all(callable(getattr(answer, each, None)) for each in asked) else "connect must answer a KeyProvider"


def _text(answer: Any) -> str:
    return "" if isinstance(answer, str) and answer else f"key_id must answer text, not {answer!r:.60}"


def _wrapped_key(answer: Any) -> str:
    good = isinstance(answer, WrappedKey) and isinstance(answer.ciphertext, bytes) and not _text(answer.key_id)
    return "" if good else "encrypt must answer a WrappedKey"


def _data_key(answer: Any) -> str:
    return "" if isinstance(answer, bytes) else "decrypt must answer bytes"
