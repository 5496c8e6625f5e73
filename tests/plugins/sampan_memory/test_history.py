import pytest

from sampan.contracts.store import Compacted, Delete, Put, Stale
from sampan_memory.history import History

PREFIX = "/a/"


@pytest.fixture
def history():
    return History()


def put(history, *pairs, at=0.0):
    return history.apply([Put(f"{PREFIX}{name}", value) for name, value in pairs], at)


def keys(page):
    return [entry.key.removeprefix(PREFIX) for entry in page.entries]


def test_all_of_a_commit_is_written_at_one_revision_or_nothing(history):
    commit = put(history, ("x", b"1"), ("y", b"1"))
    with pytest.raises(Stale):
        history.apply([Put("/a/x", b"2", expect=commit.revision), Put("/a/y", b"2", expect=7)], 0.0)

    assert commit.revision == history.newest == 2
    assert history.get("/a/x", 0).value == b"1"


def test_a_commit_that_changes_nothing_makes_no_revision(history):
    assert history.apply([Delete("/a/absent")], 0.0) is None
    assert history.newest == 1


def test_the_past_is_read_as_it_was(history):
    put(history, ("x", b"1"))
    put(history, ("x", b"2"))
    history.apply([Delete("/a/x")], 0.0)

    assert [getattr(history.get("/a/x", revision), "value", None) for revision in (1, 2, 3, 4, 0)] == [
        None, b"1", b"2", None, None,
    ]  # fmt: skip


def test_a_key_that_comes_again_is_new(history):
    put(history, ("x", b"1"))
    history.apply([Delete("/a/x")], 0.0)
    put(history, ("x", b"2"))

    assert history.get("/a/x", 0).created == 4


def test_pages_are_in_order_and_say_what_remains(history):
    put(history, ("b", b""), ("a", b""), ("c", b""))
    history.apply([Put("/b/other", b"")], 0.0)
    first = history.page(PREFIX, "", 2, 0)

    assert (keys(first), first.more, first.remaining) == (["a", "b"], True, 1)
    assert keys(history.page(PREFIX, "/a/b", 2, 0)) == ["c"]
    assert keys(history.page(PREFIX, "", 0, 1)) == []


def test_commits_are_told_from_a_revision_on(history):
    put(history, ("x", b"1"))
    put(history, ("x", b"2"))

    assert [commit.revision for commit in history.since(1)] == [2, 3]
    assert [commit.revision for commit in history.since(2)] == [3]
    assert history.since(3) == []
    change = history.since(2)[0].changes[0]
    assert (change.value, change.previous) == (b"2", b"1")


def test_after_a_compaction_the_past_is_gone_and_the_present_is_not(history):
    put(history, ("x", b"1"), ("gone", b"1"))
    put(history, ("x", b"2"))
    history.apply([Delete("/a/gone")], 0.0)
    history.compact(4)

    assert history.get("/a/x", 0).value == b"2"
    assert history.get("/a/x", 4).value == b"2"
    for read in (lambda: history.get("/a/x", 3), lambda: history.since(3), lambda: history.page(PREFIX, "", 0, 2)):
        with pytest.raises(Compacted) as told:
            read()
        assert told.value.oldest == 4
    assert "/a/gone" not in history._versions


def test_what_is_due_keeps_so_many_commits_and_none_that_is_too_old(history):
    for number in range(5):
        put(history, ("x", b"%d" % number), at=float(number))

    assert history.due(before=0.0, keep=10) == 0
    assert history.due(before=0.0, keep=2) == 4
    assert history.due(before=3.0, keep=10) == 4


def test_a_revision_is_current_until_the_key_is_written_again(history):
    put(history, ("x", b"1"))
    assert history.is_current("/a/x", 2)

    put(history, ("x", b"2"))
    assert not history.is_current("/a/x", 2)
