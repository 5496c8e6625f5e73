"""No request keeps the others waiting: the loop itself measures how late it is while each of the corpus is answered."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import socket
import sys
import threading

import pytest
from lag import LagMeter, slowness
from nasty_bodies import BIG, CMS, CRDS, NASTIES, corpus, looping

from sampan.contracts.access import User
from sampan_http import Limits, Server
from sampan_http.worker import SWITCH_INTERVAL
from sampan_operate.supervisor import memory
from sampan_testing.cluster import start, until

CORPUS = corpus()
PAUSE = 0.020  # seconds that others may wait
OBJECTS = 300
MOST_COUNTS = 12


class Served:
    """A whole API server on a loop in a thread; every caller is an administrator."""

    def __init__(self, app):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.server = Server(self._as_admin(app), [self.listener], limits=Limits(graceful_seconds=1.0))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    @staticmethod
    def _as_admin(app):
        def call(environ, start_response):
            environ["sampan.user"] = User("admin", ("system:masters", "system:authenticated"))
            return app(environ, start_response)

        return call

    def ask(self, method, path, kind="application/json", body=b""):
        connection = http.client.HTTPConnection("127.0.0.1", self.listener.getsockname()[1], timeout=60)
        table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"} if path.endswith("as=Table") else {}
        try:
            connection.request(method, path, body or None, {"Content-Type": kind, **table})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def measured(self, method, path, kind, body):
        """Seconds that others waited while it was answered; what it made is deleted again."""
        loop = self.server.loop
        meter = LagMeter(loop)
        loop.call_soon(meter.start)
        status, answer = self.ask(method, path, kind, body)
        loop.call_soon(meter.stop)
        assert status < 500, answer[:300]
        if status == 201:
            name = json.loads(answer)["metadata"]["name"]
            self.ask("DELETE", f"{path.partition('?')[0]}/{name}")
        return meter.longest / slowness()

    def close(self):
        self.server.stop()
        self.thread.join()
        self.listener.close()


@pytest.fixture(scope="module")
def served():
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    with start(control=False) as cluster, contextlib.closing(Served(cluster.app.wsgi)) as running:
        sys.setswitchinterval(SWITCH_INTERVAL)
        memory.settle()  # as the worker does once it has begun
        try:
            data = {f"k{number}": "v" * 40 for number in range(15_000)}
            big = json.dumps({"metadata": {"name": "big"}, "data": data}).encode()
            assert running.ask("POST", CMS, body=big)[0] == 201
            for number in range(OBJECTS):
                small = {"metadata": {"name": f"small-{number}", "labels": {"a": "b"}}, "data": {"a": "b"}}
                assert running.ask("POST", CMS, body=json.dumps(small).encode())[0] == 201
            yield running
        finally:
            gc.set_threshold(*thresholds)
            sys.setswitchinterval(interval)


@pytest.fixture(scope="module")
def pauses():
    found = {}
    yield found
    worst = sorted(found.items(), key=lambda item: -item[1])[:5]
    print("\nlongest pauses of others: " + ", ".join(f"{seconds * 1000:.1f} ms ({name})" for name, seconds in worst))


def least(measure):
    """What a request costs the others it costs every time, unlike what a machine adds that has other work: the least
    of several counts is the request's."""
    found = min(measure() for _ in range(2))
    for _ in range(MOST_COUNTS):
        if found <= PAUSE:
            break
        found = min(found, measure())
    return found


@pytest.mark.parametrize("name", CORPUS)
def test_others_wait_no_longer_than_20_ms_beside_it(served, pauses, name):
    pauses[name] = least(lambda: served.measured(*CORPUS[name]))

    assert pauses[name] <= PAUSE, f"others waited {pauses[name] * 1000:.1f} ms"


def test_rules_that_loop_keep_no_other_request_waiting_however_short_the_object_is(served, pauses):
    definition, body = looping()
    assert served.ask("POST", CRDS, body=definition)[0] == 201
    try:
        until(lambda: served.ask("GET", NASTIES)[0] == 200)
        pauses["a rule that loops"] = least(lambda: served.measured("POST", NASTIES, "application/json", body))
    finally:
        served.ask("DELETE", f"{CRDS}/nasties.nasty.example")

    assert pauses["a rule that loops"] <= PAUSE


def test_the_object_that_was_patched_is_still_whole(served):
    status, answer = served.ask("GET", BIG)

    assert status == 200
    assert len(json.loads(answer)["data"]) > 10_000
