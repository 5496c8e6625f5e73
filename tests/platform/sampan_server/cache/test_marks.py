from sampan.contracts.store import Delete, Put
from sampan_memory.store import MemoryStore, retention
from sampan_server.cache.cache import Cache
from sampan_server.cache.marks import PREFIX, Marks, write


def test_a_moment_becomes_the_revision_that_was_the_newest_then():
    marks = Marks()
    for now, revision in ((100, 5), (110, 9), (120, 20)):
        marks.note(now, revision)

    assert [marks.revision_at(moment) for moment in (99, 100, 115, 500)] == [0, 5, 9, 20]
    assert marks.since() == 100


def test_a_revision_becomes_the_time_of_the_next_mark():
    marks = Marks()
    for now, revision in ((100, 5), (110, 9)):
        marks.note(now, revision)

    assert [marks.time_of(revision) for revision in (3, 5, 7, 9, 10)] == [0.0, 100, 110, 110, 0.0]


def test_what_is_older_than_the_history_is_compacted_every_ten_seconds_at_most():
    marks = Marks(300)
    answers = [marks.note(float(now), now + 1) for now in range(0, 330, 1)]

    assert [now for now, found in enumerate(answers) if found] == [301, 311, 321]
    assert answers[301] == 1


def test_what_came_right_after_a_mark_is_known_by_the_next_one_too():
    marks = Marks()
    marks.note(100.0, 5)
    marks.note(100.3, 6)

    assert (marks.revision_at(100.5), marks.time_of(6), marks.below(7, 10)) == (6, 100.3, [6, 5])

    marks.note(110.0, 7)

    assert (marks.revision_at(105.0), marks.time_of(6), marks.below(7, 10)) == (6, 100.3, [6, 5])


def test_marks_below_a_revision_are_spread_evenly():
    marks = Marks()
    for number in range(1, 101):
        marks.note(float(number), number)

    assert marks.below(51, 5) == [50, 40, 30, 20, 10]
    assert marks.below(1, 5) == []


def test_nothing_is_written_with_the_usual_history():
    assert Marks().to_write(1000.0) is None


def test_with_a_longer_history_a_mark_goes_to_the_store_every_ten_seconds_into_a_fixed_number_of_keys():
    marks = Marks(3600)
    puts = [marks.to_write(float(now)) for now in range(0, 8000, 2)]
    written = [put for put in puts if put]

    assert len(written) == 800
    assert len({put.key for put in written}) == 362


def test_marks_survive_a_restart():
    store, marks = MemoryStore(), Marks(3600)
    for now in (100.0, 110.0, 120.0):
        store.commit(Put("/pods/default/a", b"{}"))
        write(store, marks.to_write(now))
    again = Marks(3600)
    again.load(store)

    assert again.since() == 100.0
    assert again.revision_at(115.0) == store.page(PREFIX).entries[-2].revision
    store.close()


def test_a_store_that_is_closed_costs_a_mark_and_nothing_else():
    store = MemoryStore()
    store.close()

    write(store, Put(f"{PREFIX}0", b"1"))


def test_a_clock_that_is_set_back_leaves_the_marks_in_order():
    marks = Marks()
    marks.note(100.0, 5)
    marks.note(50.0, 6)
    marks.note(120.0, 7)

    assert (marks.revision_at(100.0), marks.revision_at(130.0)) == (5, 7)


def test_the_cache_compacts_the_store_by_the_history_it_is_given():
    now = [0.0]
    store = MemoryStore(retention(1000.0), clock=lambda: now[0])
    cache = Cache(store, clock=lambda: now[0], history=1000.0)
    cache.start()
    try:
        for number in range(1, 60):
            now[0] = number * 20.0
            revision = store.commit(Put("/pods/default/a", b"%d" % number))
            assert cache.wait(revision, 30)

        kept = cache.horizon
        assert 0 < kept < revision - 40
        assert store.get("/pods/default/a", revision=kept + 1) is not None
        store.commit(Delete("/pods/default/a"))
    finally:
        cache.stop()
        store.close()
