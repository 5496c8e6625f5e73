from __future__ import annotations

import threading
import time
from types import SimpleNamespace

from sampan_etcd.retries import Retries


def test_things_are_done_in_the_order_of_their_time_and_one_that_fails_harms_no_other(monkeypatch):
    retries, done, last = Retries(), [], threading.Event()
    now = time.monotonic()
    monkeypatch.setattr("sampan_etcd.retries.time", SimpleNamespace(monotonic=lambda: now))  # while all three are told
    retries.after(0.6, lambda: (done.append("later"), last.set()))
    retries.after(0.0, lambda: done.append(1 / 0))
    retries.after(0.3, lambda: done.append("sooner"))
    monkeypatch.undo()

    assert last.wait(60)
    retries.close()
    assert done == ["sooner", "later"]


def test_closing_does_what_waits_and_takes_no_more():
    retries, done = Retries(), []
    retries.after(3600, lambda: done.append("waited"))
    retries.close()

    assert done == ["waited"]
    assert not retries.after(0, lambda: done.append("late"))
