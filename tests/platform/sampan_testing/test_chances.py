"""A seeded source that other threads do not disturb."""

from __future__ import annotations

import threading

from sampan_testing.chances import OwnSource


def drawn(source):
    return source.random(), source.uniform(1, 2), source.randbytes(8), source.choice("abcdef"), source.getrandbits(9)


def test_the_same_seed_draws_the_same_whatever_other_threads_draw():
    quiet, disturbed = OwnSource(3), OwnSource(3)
    found = []
    others = threading.Thread(target=lambda: found.append(drawn(disturbed)))
    others.start()
    others.join()

    assert drawn(disturbed) == drawn(quiet) != drawn(OwnSource(4))
    assert found and found[0] != drawn(OwnSource(3))
