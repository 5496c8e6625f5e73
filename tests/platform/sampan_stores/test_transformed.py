import pytest

from sampan.contracts.store import Delete, Put
from sampan_memory.store import MemoryStore
from sampan_stores.transformed import TransformedStore
from sampan_testing.store import StoreContract

SECRET, OTHER = "/core/secrets/default/a", "/core/configmaps/default/a"


class Reversed:
    """Stores values backwards, under a tag."""

    def __init__(self):
        self.word = b"one"
        self.opened = 0

    def to_stored(self, key, value):
        return self.word + b":" + value[::-1]

    def from_stored(self, key, stored):
        self.opened += 1
        return stored.partition(b":")[2][::-1]

    def tag(self, stored):
        return stored.partition(b":")[0].decode()

    def current(self, key):
        return self.word.decode()


@pytest.fixture
def below():
    return MemoryStore()


@pytest.fixture
def transformer():
    return Reversed()


@pytest.fixture
def store(below, transformer):
    store = TransformedStore(below, transformer, ["/core/secrets/"])
    yield store
    store.close()


class TestAnyStoreStaysOne(StoreContract):
    """Every value is transformed."""

    @pytest.fixture
    def store(self):
        store = TransformedStore(MemoryStore(), Reversed(), ["/"])
        yield store
        store.close()


def test_only_values_under_the_prefixes_are_transformed(store, below):
    store.commit(Put(SECRET, b"abc"), Put(OTHER, b"abc"))

    assert below.get(SECRET).value == b"one:cba"
    assert below.get(OTHER).value == b"abc"
    assert [entry.value for entry in store.page("/").entries] == [b"abc", b"abc"]
    assert store.get(SECRET).value == b"abc"


def test_a_watch_tells_values_as_they_were(store):
    watch = store.watch(store.revision())
    store.commit(Put(SECRET, b"abc"))
    store.commit(Put(SECRET, b"def"))
    store.commit(Delete(SECRET))
    batches = watch.batches()

    told = []
    while len(told) < 3:
        told += [(change.value, change.previous) for change in next(batches)[1]]

    assert told == [(b"abc", None), (b"def", b"abc"), (None, b"def")]


def test_other_keys_are_passed_on_as_they_are(store, transformer):
    ops = [Put(OTHER, b"abc")]
    passed = []
    store._store = type(
        "Store", (), {"submit": lambda self, ops, done: passed.append(ops), "close": lambda self: None}
    )()

    store.submit(ops, lambda answer: None)

    assert passed[0] is ops and transformer.opened == 0


def test_a_value_of_another_tag_is_outdated_once_it_was_read(store, transformer):
    store.commit(Put(SECRET, b"abc"), Put(OTHER, b"abc"))
    store.page("/core/secrets/")
    assert not store.is_outdated(SECRET)

    transformer.word = b"two"

    assert store.is_outdated(SECRET) and not store.is_outdated(OTHER)


def test_attributes_are_those_of_the_store_below(store, below):
    assert store.shared is below.shared
    assert getattr(store, "ask_revision", None) is None


def test_a_value_without_a_tag_is_outdated_where_another_one_is_wanted(store, transformer):
    transformer.tag = lambda stored: ""
    store.commit(Put(SECRET, b"abc"))
    assert store.get(SECRET).value == b"abc"

    assert store.is_outdated(SECRET) and not store._tags
    transformer.word = b""
    assert not store.is_outdated(SECRET)
