from __future__ import annotations

from sampan_sqlite.commit_counter import CommitCounter


def test_all_who_open_it_see_the_same_number(tmp_path):
    one, other = CommitCounter(str(tmp_path / "store.db")), CommitCounter(str(tmp_path / "store.db"))
    before = other.now()

    one.move_on()

    assert other.now() == one.now() != before


def test_it_is_kept_over_a_restart(tmp_path):
    CommitCounter(str(tmp_path / "store.db")).move_on()

    assert CommitCounter(str(tmp_path / "store.db")).now() == 1
