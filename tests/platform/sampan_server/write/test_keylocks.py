from __future__ import annotations

import threading

from sampan_server.write.keylocks import KeyLocks


def test_locks_are_had_in_order_and_all_keys_at_once() -> None:
    locks, went = KeyLocks(), []
    first = locks.take({"a", "b"})
    assert first is not None and locks.take({"b"}) is None
    assert locks.take({"c"}) is not None
    second, third = locks.join({"b"}), locks.join({"a", "b"})
    second.when(lambda: went.append("second"))
    third.when(lambda: went.append("third"))

    first.release()
    assert went == ["second"]
    assert locks.take({"a"}) is None  # the third waits for it
    second.release()
    third.when(lambda: went.append("at once"))
    third.release()

    assert went == ["second", "third", "at once"]
    assert locks.take({"a", "b"}) is not None


def test_who_gives_up_waiting_lets_the_others_pass() -> None:
    locks, went = KeyLocks(), threading.Event()
    first, second, third = locks.join({"a"}), locks.join({"a"}), locks.join({"a"})
    third.when(went.set)

    second.release()
    first.release()

    assert went.is_set()
