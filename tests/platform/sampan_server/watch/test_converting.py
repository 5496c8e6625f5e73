"""Conversions that wait: on a server with a loop, requests that do not need them are not delayed."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading

import pytest
from hanging import late_alone
from lag import LagMeter, slowness
from toys import GROUP, TOYS, Toys, boat, toy

from sampan.contracts.access import Decision, User
from sampan.contracts.kinds import Resource
from sampan.errors import ServiceUnavailable, StatusError
from sampan.hookspecs import hookimpl
from sampan_http import Limits, Server
from sampan_isolation import Deadlines
from sampan_memory.store import MemoryStore
from sampan_server import registry
from sampan_testing.cluster import start, until

BOATS = Resource(GROUP, "v1", "boats", "Boat")
BOATS_2 = Resource(GROUP, "v2", "boats", "Boat")
V1, V2 = (f"/apis/{GROUP}/{version}/namespaces/default/boats" for version in ("v1", "v2"))
MAPS = "/api/v1/namespaces/default/configmaps"
SOON = 60.0
PAUSE = 0.020  # seconds that others may wait


class Counting:
    """Lets everybody do everything, and counts who asks."""

    name = "counting"

    def __init__(self):
        self.asked = []

    @hookimpl
    def contribute_authorizers(self):
        return [self]

    inline = True

    def authorize(self, asked):
        self.asked.append((asked.verb, asked.resource, asked.version))
        return Decision.ALLOW, ""


class Connection:
    """Sends head and body at once: the chain is asked about a head that comes alone, and again when all is there."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._method = ""

    def send(self, method, path, body, headers):
        self._method = method
        lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Content-Length: {len(body)}"]
        head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""])
        self._socket.sendall(head.encode() + body)

    def getresponse(self):
        answer = http.client.HTTPResponse(self._socket, method=self._method)
        answer.begin()
        return answer

    def close(self):
        self._socket.close()


class Served:
    """An API server on a loop in a thread."""

    def __init__(self, app):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.server = Server(self._as_admin(app), [self.listener], limits=Limits(graceful_seconds=1.0))
        self.thread = threading.Thread(target=self.server.run, name="the loop")
        self.thread.start()
        self._connections = []

    @staticmethod
    def _as_admin(app):
        def call(environ, start_response):
            environ["sampan.user"] = User("admin", ("system:masters", "system:authenticated"))
            return app(environ, start_response)

        return call

    def begin(self, method, path, body=None, **headers):
        """A request that is sent; ``getresponse`` of what is returned waits for the answer."""
        self._connections.append(Connection(self.listener.getsockname()[1]))
        data = json.dumps(body).encode() if body is not None else b""
        self._connections[-1].send(method, path, data, {"Content-Type": "application/json", **headers})
        return self._connections[-1]

    def ask(self, method, path, body=None, **headers):
        answer = self.begin(method, path, body, **headers).getresponse()
        return answer.status, json.loads(answer.read())

    def close(self):
        for connection in self._connections:
            connection.close()
        self.server.stop()
        self.thread.join()
        self.listener.close()


@pytest.fixture
def toys():
    return Toys()


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def cluster(toys, counting):
    with start({"toys": toys, "counting": counting}, only=("namespaces", "config"), control=False) as running:
        running.client.create(TOYS, toy(versions=["v1", "v2"], stored="v2", blocks=True, many=True))
        until(lambda: running.client.list(BOATS) or True, SOON)
        yield running
        toys.conversions.open.set()


@pytest.fixture
def served(cluster, toys):
    with contextlib.closing(Served(cluster.app.wsgi)) as running:
        yield running
        toys.conversions.open.set()


def put_in(cluster, *names):
    for number, name in enumerate(names):
        cluster.client.create(BOATS_2, boat(name, sailors=number), "default")


def opened(connection):
    """The answer to a watch, once it is open: later events are not part of what it is shown first."""
    answer = connection.getresponse()
    assert answer.status == 200
    return answer


def lines(answer, count):
    """So many events of a watch."""
    return [json.loads(answer.readline()) for _ in range(count)]


def pause_of_others(served):
    """Seconds that the loop was late at most while it answered others."""
    meter = LagMeter(served.server.loop)
    served.server.loop.call_soon(meter.start)
    for _ in range(8):
        assert served.ask("GET", MAPS)[0] == 200
        assert served.ask("POST", MAPS, {"metadata": {"generateName": "m"}})[0] == 201
    served.server.loop.call_soon(meter.stop)
    return meter.longest / slowness()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", V1 + "/a", None),
        ("GET", V1, None),
        ("GET", V1 + "?fieldSelector=spec.crew=0", None),
        ("POST", V1, boat("new", crew=7)),
        ("PUT", V1 + "/a", boat("a", crew=7)),
        ("PATCH", V1 + "/a", {"spec": {"crew": 7}}),
        ("PUT", V1 + "/a/status", {**boat("a"), "status": {"x": 1}}),
        ("DELETE", V1 + "/a", None),
        ("DELETE", V1 + "?fieldSelector=spec.crew=0", None),
    ],
)
def test_a_conversion_that_waits_delays_no_other_and_the_chain_runs_once(
    served, cluster, toys, counting, method, path, body
):
    held = boat("a", sailors=0)
    held["metadata"]["finalizers"] = ["toys.example/held"]  # so that DELETE answers with the object
    cluster.client.create(BOATS_2, held, "default")
    headers = {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else {}
    toys.conversions.open.clear()
    before, threads = toys.conversions.calls, toys.conversions.threads
    counting.asked.clear()

    waiting = served.begin(method, path, body, **headers)
    until(lambda: toys.conversions.calls > before, SOON)
    pauses = [pause_of_others(served) for _ in range(3)]
    toys.conversions.open.set()
    answer = waiting.getresponse()
    found = json.loads(answer.read())
    assert answer.status in (200, 201), found
    assert found.get("apiVersion") in (f"{GROUP}/v1", "v1")
    assert [asked[1:] for asked in counting.asked].count(("boats", "v1")) == 1
    assert "the loop" not in threads
    assert min(pauses) <= PAUSE  # what the machine and the garbage collector add is not there each time


def test_a_list_is_one_question(cluster, toys):
    put_in(cluster, *(f"b{number}" for number in range(30)))
    calls, objects = toys.conversions.calls, toys.conversions.objects

    assert [each["spec"]["crew"] for each in cluster.client.list(BOATS, "default").items] == [
        number for _, number in sorted((f"b{number}", number) for number in range(30))
    ]

    assert (toys.conversions.calls - calls, toys.conversions.objects - objects) == (1, 30)


def test_what_was_converted_is_kept_until_the_object_or_the_kind_changes(cluster, toys):
    put_in(cluster, "a", "b")
    cluster.client.list(BOATS)
    objects = toys.conversions.objects

    cluster.client.list(BOATS)
    cluster.client.get(BOATS, "a", "default")
    assert toys.conversions.objects == objects

    cluster.client.patch(BOATS_2, "a", {"spec": {"sailors": 9}}, "default")
    cluster.client.list(BOATS)
    assert toys.conversions.objects == objects + 1


@pytest.mark.parametrize("query", ["watch=1", "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"])
def test_a_watch_gets_its_events_in_order_once_they_are_converted(served, cluster, toys, query):
    put_in(cluster, "a")
    toys.conversions.open.clear()
    before = toys.conversions.calls
    waiting = opened(served.begin("GET", f"{V1}?{query}"))
    until(lambda: toys.conversions.calls > before, SOON)

    stored = opened(served.begin("GET", f"{V2}?{query}"))
    other = opened(served.begin("GET", MAPS + "?watch=1"))
    put_in(cluster, "b")
    cluster.client.patch(BOATS_2, "b", {"spec": {"sailors": 9}}, "default")
    cluster.client.delete(BOATS_2, "a", "default")
    assert served.ask("POST", MAPS, {"metadata": {"name": "m"}})[0] == 201
    assert lines(other, 1)[0]["object"]["metadata"]["name"] == "m"
    shown = [(event["type"], event["object"]["metadata"]["name"]) for event in lines(stored, 4)]

    toys.conversions.open.set()

    found = lines(waiting, 4)
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in found] == shown
    assert [event["object"]["spec"] for event in found] == [{"crew": 0}, {"crew": 0}, {"crew": 9}, {"crew": 0}]
    assert {event["object"]["apiVersion"] for event in found} == {f"{GROUP}/v1"}
    assert "the loop" not in toys.conversions.threads


def test_watches_of_a_version_share_each_conversion(served, cluster, toys):
    since = cluster.client.list(BOATS).resource_version
    watches = [opened(served.begin("GET", f"{V1}?watch=1&resourceVersion={since}")) for _ in range(5)]
    objects = toys.conversions.objects

    put_in(cluster, "a")

    assert [lines(each, 1)[0]["object"]["spec"] for each in watches] == [{"crew": 0}] * 5
    assert toys.conversions.objects == objects + 1


def test_a_watch_without_a_loop_waits_on_its_own_thread_only(cluster, toys):
    put_in(cluster, "a")
    toys.conversions.open.clear()
    before = toys.conversions.calls
    stream = cluster.client.open_watch(BOATS, since="", timeout=60)
    found = []
    reader = threading.Thread(target=lambda: [found.extend(stream.read(0.1)) for _ in range(1200) if len(found) < 3])
    reader.start()
    try:
        until(lambda: toys.conversions.calls > before, SOON)  # it began with "a" alone
        put_in(cluster, "b")  # acknowledged once the cache has it, so the cache's lock is free
        assert len(cluster.client.list(BOATS_2).items) == 2
    finally:
        toys.conversions.open.set()
        reader.join()
        stream.close()

    events = [json.loads(line) for line in found]
    assert [each["type"] for each in events] == ["ADDED", "BOOKMARK", "ADDED"]
    assert [each["object"]["metadata"].get("name") for each in events] == ["a", None, "b"]


def test_a_conversion_that_fails_is_told_to_who_asked_and_ends_a_watch_with_an_error(served, cluster, toys):
    put_in(cluster, "a")
    toys.conversions.failure = ServiceUnavailable("the converter is away")
    answers = [served.ask("GET", f"{V1}/a"), served.ask("GET", V1), served.ask("POST", V1, boat("b", crew=1))]
    assert [(status, found["message"]) for status, found in answers] == [(503, "the converter is away")] * 3

    watching = served.begin("GET", f"{V1}?watch=1").getresponse()
    event = json.loads(watching.readline())
    assert (event["type"], event["object"]["code"]) == ("ERROR", 503)
    assert watching.read() == b""
    with pytest.raises(StatusError, match="away"):
        cluster.client.get(BOATS, "a", "default")
    assert served.ask("GET", f"{V2}/a")[0] == 200

    toys.conversions.failure = None
    assert served.ask("GET", f"{V1}/a")[0] == 200


def test_more_requests_than_may_wait_are_refused(served, cluster, toys, monkeypatch):
    monkeypatch.setattr(registry, "CONVERTING", 2)
    put_in(cluster, "a")
    cluster.client.create(TOYS, toy("cars", "Car", versions=["v1", "v2"], stored="v2", blocks=True))
    cars = Resource(GROUP, "v2", "cars", "Car")
    until(lambda: cluster.client.list(cars) or True, SOON)
    cluster.client.create(cars, boat("a"), "default")
    path = V1.replace("boats", "cars") + "/a"
    toys.conversions.open.clear()
    before = toys.conversions.calls
    waiting = [served.begin("GET", path) for _ in range(2)]
    until(lambda: toys.conversions.calls == before + 2, SOON)

    assert served.ask("GET", path)[0] == 429
    assert served.ask("GET", V2.replace("boats", "cars") + "/a")[0] == 200

    toys.conversions.open.set()
    assert [each.getresponse().status for each in waiting] == [200, 200]
    assert served.ask("GET", path)[0] == 200


@pytest.mark.parametrize("blocks", [True, False])
def test_open_streams_end_in_order_when_the_kind_goes(served, cluster, toys, blocks):
    cluster.client.create(TOYS, toy("cars", "Car", versions=["v1", "v2"], stored="v2", blocks=blocks))
    cars = Resource(GROUP, "v2", "cars", "Car")
    until(lambda: cluster.client.list(cars) or True, SOON)
    streams = [served.begin("GET", f"/apis/{GROUP}/{version}/cars?watch=1").getresponse() for version in ("v1", "v2")]
    boats = opened(served.begin("GET", f"{V1}?watch=1"))
    cluster.client.create(cars, boat("a"), "default")

    cluster.client.delete(TOYS, "cars")

    for stream in streams:
        assert [json.loads(line)["type"] for line in stream.read().splitlines()] == ["ADDED"]
    put_in(cluster, "b")
    assert lines(boats, 1)[0]["type"] == "ADDED"
    assert (
        served.ask("GET", f"/apis/{GROUP}/v1/cars")[1]["message"] == "the server could not find the requested resource"
    )


def test_a_third_party_conversion_has_the_deadline_of_a_request(counting, monkeypatch):
    late_alone(monkeypatch)
    toys = Toys(first_party=False)
    plugins = {"toys": toys, "counting": counting}
    with start(plugins, only=("namespaces",), control=False, deadlines=Deadlines(request=0.3)) as cluster:
        cluster.client.create(TOYS, toy(versions=["v1", "v2"], stored="v2", blocks=True))
        until(lambda: cluster.client.list(BOATS_2) or True, SOON)
        put_in(cluster, "a")
        with contextlib.closing(Served(cluster.app.wsgi)) as served:
            toys.conversions.open.clear()
            threading.Timer(0.15, toys.conversions.open.set).start()
            assert served.ask("GET", f"{V1}/a")[0] == 200  # more than what reads on the loop may take
            cluster.client.patch(BOATS_2, "a", {"spec": {"sailors": 1}}, "default")
            toys.conversions.open.clear()
            toys.conversions.hanging = True
            status, found = served.ask("GET", f"{V1}/a")  # and does not wait for the conversion
            assert status == 500 and "plugin toys failed in Boat.from_stored" in found["message"]
            assert served.ask("GET", f"{V2}/a")[0] == 200
            toys.conversions.open.set()


class Distant:
    """A store whose newest revision is a trip away, told on another thread: reads park until they know it."""

    def __init__(self):
        self._store = MemoryStore()

    def __getattr__(self, name):
        return getattr(self._store, name)

    @hookimpl
    def provide_store(self, url):
        return self

    def ask_revision(self, done):
        threading.Timer(0.01, lambda: done(self._store.revision())).start()


def test_a_read_that_waits_for_the_newest_state_converts_off_the_loop_as_well(toys, counting):
    with start(
        {"toys": toys, "counting": counting, "distant": Distant()}, only=("namespaces",), control=False
    ) as cluster:
        cluster.client.create(TOYS, toy(versions=["v1", "v2"], stored="v2", blocks=True))
        until(lambda: cluster.client.list(BOATS) or True, SOON)
        put_in(cluster, "a")
        with contextlib.closing(Served(cluster.app.wsgi)) as served:
            for path in ("/a", "", "?fieldSelector=spec.crew=0"):
                assert served.ask("GET", V1 + path)[0] == 200
            assert lines(opened(served.begin("GET", f"{V1}?watch=1")), 1)[0]["type"] == "ADDED"
            assert served.ask("DELETE", V1 + "/a")[0] == 200

    assert "the loop" not in toys.conversions.threads


def test_a_large_body_runs_the_chain_once_too(served, counting):
    counting.asked.clear()

    assert served.ask("POST", MAPS, {"metadata": {"name": "big"}, "data": {"a": "x" * 20_000}})[0] == 201

    assert counting.asked == [("create", "configmaps", "v1")]
