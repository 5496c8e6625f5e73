from __future__ import annotations

import math
import threading

from sampan_machinery.distributions import Counts, Distributions


def test_values_are_counted_in_every_bucket_that_is_not_below_them():
    found = Distributions((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        found.observe(("a",), value)

    ((labels, figures),) = found.read()
    assert labels == ("a",)
    assert figures.buckets == [(1.0, 2), (2.0, 3), (math.inf, 4)] and figures.total == 12.0


def test_so_many_series_are_kept_and_no_more():
    distributions, counts = Distributions((1.0,)), Counts()
    for number in range(3000):
        distributions.observe((str(number),), 0.1)
        counts.add(str(number))
    counts.add("0")

    assert len(list(distributions.read())) == len(counts.read()) == 1000
    assert counts.read()[0] == (("0",), 2.0)


def test_threads_lose_nothing():
    distributions, counts = Distributions((1.0,)), Counts()

    def work():
        for _ in range(2000):
            distributions.observe((), 0.5)
            counts.add("x")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ((_, figures),) = distributions.read()
    assert figures.buckets[-1] == (math.inf, 8000) and counts.read() == [(("x",), 8000.0)]
