import pytest

from sampan.contracts.kinds import Kind
from sampan.contracts.transforming import WrappedKey
from sampan.errors import PluginError
from sampan.hookspecs import hookimpl
from sampan_isolation import Broken
from sampan_memory.store import MemoryStore
from sampan_server.extension.transforming import IsolatedKeyProvider, transformed
from sampan_server.plugins.plugins import Plugins
from sampan_stores.transformed import TransformedStore

OPEN = ("one", Kind(group="", version="v1", kind="Open", plural="opens"))
HIDDEN = ("one", Kind(group="x.org", version="v1", kind="Hidden", plural="hiddens", sensitive=True))


class Plugin:
    """Notes what it is asked, and transforms nothing."""

    def __init__(self):
        self.asked = []

    @hookimpl
    def provide_value_transformer(self, context, providers):
        self.asked.append((context, [each.name for each in providers]))
        return self


class Provider:
    name = "vault"

    @hookimpl
    def contribute_key_providers(self):
        return [self]

    def key_id(self):
        return ""

    def encrypt(self, data_key):
        return WrappedKey(b"x", "1")

    def decrypt(self, wrapped):
        return b"y"


@pytest.fixture
def store():
    store = MemoryStore()
    yield store
    store.close()


def made(store, kinds, **extra):
    return transformed(Plugins(entry_points=[], extra=extra), lambda name: f"context of {name}", store, kinds)


def test_a_sensitive_kind_puts_a_transformer_before_the_store(store):
    plugin = Plugin()

    found = made(store, [OPEN, HIDDEN], crypt=plugin, vault=Provider())

    assert isinstance(found, TransformedStore)
    assert found.is_outdated.__self__._prefixes == ("/x.org/hiddens/",)
    assert plugin.asked == [("context of crypt", ["vault"])]


def test_without_a_sensitive_kind_or_a_transformer_the_store_is_itself(store):
    assert made(store, [OPEN], crypt=Plugin()) is store
    assert made(store, [HIDDEN]) is store


def test_a_transformer_that_fails_stops_the_start(store):
    class Failing:
        @hookimpl
        def provide_value_transformer(self):
            raise OSError("no key")

    with pytest.raises(PluginError, match="no key"):
        made(store, [HIDDEN], crypt=Failing())


def test_the_answers_of_a_third_party_provider_are_checked():
    provider = IsolatedKeyProvider(Plugins(entry_points=[], extra={"vault": Provider()}).isolation("vault"), Provider())

    assert provider.encrypt(b"k") == WrappedKey(b"x", "1") and provider.decrypt(WrappedKey(b"x", "1")) == b"y"
    with pytest.raises(Broken):
        provider.key_id()


class Source:
    """A third-party plugin with a source of key providers, and a transformer of all kinds."""

    name = "cloud"
    prefixes = ("/apps/",)

    def __init__(self):
        self.asked = []
        self.answer = Provider()

    @hookimpl
    def contribute_key_provider_sources(self):
        return [self]

    @hookimpl
    def provide_value_transformer(self, sources, sensitive):
        self.asked.append((list(sources), list(sensitive)))
        return self

    def connect(self, name, endpoint, seconds):
        return self.answer


def test_a_transformer_is_given_sources_and_names_further_keys(store):
    plugin = Source()

    found = made(store, [HIDDEN], cloud=plugin)

    ((sources, sensitive),) = plugin.asked
    assert sensitive == ["/x.org/hiddens/"] and found._prefixes == ("/apps/", "/x.org/hiddens/")
    assert sources[0].connect("a", "unix:///a", 3.0).decrypt(WrappedKey(b"x", "1")) == b"y"
    plugin.answer = "vault"
    with pytest.raises(Broken):
        sources[0].connect("a", "unix:///a", 3.0)
