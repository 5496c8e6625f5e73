from __future__ import annotations

import threading

import pytest
from prometheus_client import CollectorRegistry

from sampan.errors import ServiceUnavailable
from sampan_client.transports import Response
from sampan_metrics.figures import Figures
from sampan_metrics.scraping import Scraper
from sampan_metrics.usage import LatestUsage

T = 1_800_000_000.0


def text(at, cpu):
    stamp = int(at * 1000)
    return f"node_cpu_usage_seconds_total {cpu} {stamp}\nnode_memory_working_set_bytes 5 {stamp}\n".encode()


class Nodes:
    """Answers the node proxy; ``answers`` may hold an exception or a function."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def request(self, method, path):
        self.asked.append(path)
        found = self.answers[path.split("/")[4]]
        found = found() if callable(found) else found
        if isinstance(found, Exception):
            raise found
        return Response(200, {}, found)


@pytest.fixture
def make():
    def make_(client, names=None):
        registry, kept = CollectorRegistry(), []
        scraper = Scraper(
            client, LatestUsage(), lambda: list(names or client.answers), Figures(registry), interval=15.0,
            on_fresh=lambda node, fresh: kept.append((node, fresh)), clock=lambda: T,
        )  # fmt: skip
        scraper.registry, scraper.kept = registry, kept
        return scraper

    return make_


def test_each_look_goes_through_the_node_proxy(make):
    client = Nodes(n1=text(T - 10, 1.0))
    scraper = make(client)
    scraper.look("n1")
    client.answers["n1"] = text(T, 2.0)
    scraper.look("n1")

    assert client.asked[0] == "/api/v1/nodes/n1/proxy/metrics/resource"
    ((node, fresh),) = [one for one in scraper.kept if one[1]]
    assert (node, next(iter(fresh.values())).cpu) == ("n1", 0.1)
    assert scraper.registry.get_sample_value("sampan_metrics_scrapes_total", {"result": "done"}) == 2


def test_a_silent_node_is_named_until_it_answers(make, caplog):
    client = Nodes(n1=ServiceUnavailable("nobody is there"), n2=b"<html>", n3=ConnectionError("gone"))
    scraper = make(client)
    for node in client.answers:
        scraper.look(node)
    scraper.look("n1")

    assert set(scraper.failing()) == {"n1", "n2", "n3"}
    assert caplog.text.count("node n1 tells no figures: nobody is there") == 1
    client.answers["n1"] = text(T, 1.0)
    scraper.look("n1")
    assert set(scraper.failing()) == {"n2", "n3"}


def test_a_node_that_is_slow_is_not_asked_twice_and_delays_no_other(make):
    go_on, asked, stop = threading.Event(), threading.Event(), threading.Event()

    def slow():
        asked.set()
        go_on.wait(60)
        return text(T, 1.0)

    client = Nodes(slow=slow, quick=text(T, 1.0))
    scraper = make(client)
    rounds = []

    def told():
        rounds.append(1)
        asked.wait(60)
        if len(rounds) == 2:
            stop.set()

    scraper._interval = 0.0
    scraper.run(stop, told)

    assert client.asked.count("/api/v1/nodes/slow/proxy/metrics/resource") == 1
    go_on.set()
