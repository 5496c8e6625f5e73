from __future__ import annotations

import json
import random
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from sampan_client import Client
from sampan_client.http import HttpTransport
from sampan_client.kubeconfig import Config
from sampan_logging.documents import identity
from sampan_logging.entries import Entry, Progress
from sampan_logging.figures import Figures
from sampan_logging.health import Health
from sampan_logging.lines import LinePosition, digest, shown
from sampan_logging.pods import ContainerState
from sampan_logging.reading import Reader
from sampan_machinery.metadata import parse_time

SECOND = 1_000_000_000
NOW = 1_790_000_000 * SECOND


class Run:
    """One run of a container: its log may grow, end, and lose its beginning."""

    def __init__(self, *lines, over=True):
        self.lines, self.over = list(lines), over


class FakeLogs:
    """The log API of one pod's containers. ``breaks``: connections cut off after so many bytes, one after the other."""

    def __init__(self):
        self.runs: dict[str, list[Run]] = {}
        self.change = threading.Condition()
        self.breaks: list[int] = []
        self.refuse: tuple[int, str] | None = None
        self.asked: list[dict[str, str]] = []
        self.open = self.most_open = 0
        self.closing = False
        logs = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                with logs.change:
                    logs.asked.append(query)
                    logs.change.notify_all()
                    logs.open += 1
                    logs.most_open = max(logs.most_open, logs.open)
                try:
                    logs.serve(self, query)
                except OSError:
                    pass
                finally:
                    self.close_connection = True
                    with logs.change:
                        logs.open -= 1

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.client = Client(HttpTransport(Config(server=f"http://127.0.0.1:{self._server.server_address[1]}")))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        with self.change:
            self.closing = True
            self.change.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def say(self, container, *lines, over=False):
        with self.change:
            self.runs[container][-1].lines += lines
            self.runs[container][-1].over |= over
            self.change.notify_all()

    def serve(self, handler, query):
        runs = self.runs.get(query["container"], [])
        number = len(runs) - 1 - ("previous" in query)
        if self.refuse or number < 0:
            code, message = self.refuse or (400, "previous terminated container not found")
            body = json.dumps({"kind": "Status", "code": code, "message": message}).encode()
            handler.send_response(code)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
            return
        since = int(parse_time(query["sinceTime"])) * SECOND if "sinceTime" in query else 0
        run, at = runs[number], 0
        left = self.breaks.pop(0) if self.breaks else None
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            with self.change:
                fresh, at = run.lines[at:], len(run.lines)
                over = run.over or "follow" not in query
                if not fresh and not over and not self.closing:
                    self.change.wait()
                    continue
            data = b"".join(f"{shown(ns)} {text}\n".encode() for ns, text in fresh if ns >= since)
            if left is not None:
                data, left = data[:left], left - len(data)
            if data:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            if left is not None and left <= 0:
                return
            if over and at == len(run.lines):
                handler.wfile.write(b"0\r\n\r\n")
                return
            if self.closing:
                return


class Taken:
    """Where the reader's entries go; a journal that keeps nothing on disk."""

    def __init__(self, logs, **more):
        self.entries: list[Entry] = []
        self.change = threading.Condition()
        self.accepting = True
        self.said = []
        self.figures = Figures(None)
        self._client = logs.client
        self.reader = Reader(
            logs.client, offer=self._take, accepting=lambda: self.accepting, figures=self.figures,
            health=Health(print, self.said.append), most_streams=more.pop("most_streams", 100),
            longest=more.pop("longest", 1000),
        )  # fmt: skip

    def _take(self, entry):
        with self.change:
            self.entries.append(entry)
            self.change.notify_all()

    def see(self, source, seen, progress=None, young=True):
        def follower():
            self.reader.see(source, seen, progress, young=young)
            yield from ()

        self._client.hub.add(follower())

    def until(self, what):
        with self.change:
            assert self.change.wait_for(what, 60), self.entries[-3:]

    def ended(self, key, run=0):
        return any(e.source.key == key and e.progress.ended and e.progress.run == run for e in self.entries)

    @property
    def texts(self):
        return [text.decode() for entry in self.entries for _, _, text in entry.lines]

    @property
    def gaps(self):
        return [entry.gap for entry in self.entries if entry.gap]

    @property
    def ids(self):
        return Counter(identity(e.source, *line) for e in self.entries for line in e.lines)


@pytest.fixture
def logs():
    server = FakeLogs()
    yield server
    server.close()


@pytest.fixture
def taken(logs, monkeypatch):
    monkeypatch.setattr("sampan_logging.reading._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("sampan_logging.reading._BUSY_PAUSE", 0.005)
    monkeypatch.setattr("sampan_logging.reading._MISS_PAUSE", 0.02)
    one = Taken(logs)
    yield one
    one.reader.stop()


def numbered(count, start=0, step=1000):
    return [(NOW + n * step, f"line {n}") for n in range(start, start + count)]


def test_a_log_is_read_to_its_end(logs, taken, source):
    logs.runs["main"] = [Run(*numbered(3), over=False)]
    taken.see(source(), ContainerState(0, begun=True))
    taken.until(lambda: len(taken.texts) == 3)
    logs.say("main", *numbered(2, 3), over=True)
    taken.see(source(), ContainerState(0, begun=True, over=True))
    taken.until(lambda: taken.ended("uid-web/main"))

    assert taken.texts == [f"line {n}" for n in range(5)]
    assert taken.gaps == []
    assert logs.asked[0] == {"container": "main", "timestamps": "true", "follow": "true"}


def test_nothing_is_asked_of_a_container_that_has_not_begun(logs, taken, source):
    taken.see(source(), ContainerState())
    logs.runs["side"] = [Run((NOW, "a"))]
    taken.see(source(container="side"), ContainerState(0, begun=True, over=True))
    taken.until(lambda: taken.ended("uid-web/side"))

    assert {query["container"] for query in logs.asked} == {"side"}


def test_a_new_run_is_read_after_the_one_before(logs, taken, source):
    logs.runs["main"] = [Run(*numbered(3))]
    taken.see(source(), ContainerState(0, begun=True))
    taken.until(lambda: len(taken.texts) == 3)
    logs.runs["main"][0].lines += numbered(2, 3)  # said before it ended, and not yet read
    logs.runs["main"].append(Run(*numbered(2, 5)))
    taken.see(source(), ContainerState(1, begun=True, over=True))
    taken.until(lambda: taken.ended("uid-web/main", 1))

    assert Counter(taken.texts) == Counter(f"line {n}" for n in range(7))
    assert taken.gaps == []
    assert {e.progress.run for e in taken.entries if (NOW, 0, b"line 0") in e.lines} == {0}


def test_both_runs_that_the_node_has_are_read_of_a_container_not_seen_before(logs, taken, source):
    logs.runs["main"] = [Run((NOW, "a")), Run((NOW + SECOND, "b"))]
    taken.see(source(), ContainerState(1, begun=True, over=True))
    taken.until(lambda: taken.ended("uid-web/main", 1))

    assert taken.texts == ["a", "b"] and taken.gaps == []


def test_runs_that_the_node_has_no_more_are_reported(logs, taken, source):
    logs.runs["main"] = [Run((NOW + n * SECOND, str(n))) for n in range(5)]
    last = Progress(1, LinePosition(NOW + SECOND, 0, digest(b"1")))
    taken.see(source(), ContainerState(4, begun=True, over=True), last)
    taken.until(lambda: taken.ended("uid-web/main", 4))

    assert taken.texts == ["3", "4"]
    assert len(taken.gaps) == 1 and "runs 1 to 2" in taken.gaps[0]
    assert taken.figures.gaps._value.get() == 1


def test_a_log_rotated_while_it_was_not_read_is_reported_and_the_rest_is_read(logs, taken, source):
    logs.runs["main"] = [Run(*numbered(3, 100, step=SECOND))]
    taken.see(source(), ContainerState(0, begun=True, over=True), Progress(0, LinePosition(NOW, 0, digest(b"line 0"))))
    taken.until(lambda: taken.ended("uid-web/main"))

    assert taken.texts == ["line 100", "line 101", "line 102"]
    assert len(taken.gaps) == 1 and "rotated" in taken.gaps[0]


def test_a_container_that_starts_again_before_its_status_says_so_loses_nothing(logs, taken, source):
    logs.runs["main"] = [Run((NOW, "a"), over=False)]
    taken.see(source(), ContainerState(0, begun=True))
    taken.until(lambda: taken.texts == ["a"])
    with logs.change:
        logs.runs["main"][0].lines.append((NOW + 1, "b"))
        logs.runs["main"].append(Run((NOW + SECOND, "c")))
        logs.breaks = [0]
        logs.runs["main"][0].over = True
        logs.change.notify_all()
        assert logs.change.wait_for(lambda: len(logs.asked) > 2, 60)
    taken.see(source(), ContainerState(1, begun=True, over=True))
    taken.until(lambda: taken.ended("uid-web/main", 1))

    assert taken.texts == ["a", "b", "c"] and taken.gaps == []


def test_a_pod_that_is_gone_before_its_log_was_read_is_said(logs, taken, source):
    logs.refuse = (404, 'pods "web" not found')
    taken.see(source(), ContainerState(0, begun=True, gone=True))
    taken.until(lambda: taken.entries and taken.entries[-1].progress.forgotten)

    assert len(taken.gaps) == 1 and "not found" in taken.gaps[0]


def test_a_pod_that_goes_as_soon_as_its_log_has_ended_lost_nothing(logs, taken, source):
    logs.runs["main"] = [Run((NOW, "a"), (NOW + 1, "bye"))]
    taken.see(source(), ContainerState(0, begun=True))  # its status does not say yet that it is over
    taken.until(lambda: len(taken.texts) == 2)
    with logs.change:
        assert logs.change.wait_for(lambda: len(logs.asked) > 1, 60)
        logs.refuse = (404, 'pods "web" not found')
    taken.see(source(), ContainerState(0, begun=True, gone=True))
    taken.until(lambda: taken.entries[-1].progress.forgotten)

    assert taken.texts == ["a", "bye"] and taken.gaps == []


def test_a_pod_that_goes_before_its_log_was_read_on_is_said(logs, taken, source):
    taken.see(source(), ContainerState(1, gone=True), Progress(0, LinePosition(NOW, 0, "d")))
    taken.until(lambda: taken.entries and taken.entries[-1].progress.forgotten)

    assert len(taken.gaps) == 1 and "its pod is gone" in taken.gaps[0]


def test_what_the_api_refuses_is_failing_and_read_later(logs, taken, source):
    logs.runs["main"] = [Run((NOW, "a"))]
    logs.refuse = (403, "pods/log is forbidden")
    taken.see(source(), ContainerState(0, begun=True, over=True))
    with logs.change:
        assert logs.change.wait_for(lambda: len(logs.asked) > 1, 60) or logs.asked
    logs.refuse = None
    taken.until(lambda: taken.ended("uid-web/main"))

    assert taken.texts == ["a"] and taken.gaps == []
    assert "pods/log" in taken.said[0]


def test_connections_that_break_anywhere_lose_and_double_nothing(logs, taken, source):
    chance = random.Random(3)
    lines = [(NOW + n // 7 * 1000, f"line {n}") for n in range(500)]  # seven of each time
    logs.runs["main"] = [Run(*lines)]
    logs.breaks = [chance.randint(0, 4000) for _ in range(12)]
    taken.see(source(), ContainerState(0, begun=True, over=True))
    taken.until(lambda: taken.ended("uid-web/main"))

    assert taken.texts == [text for _, text in lines]
    assert set(taken.ids.values()) == {1} and taken.gaps == []


def test_killed_anywhere_it_goes_on_where_it_was(logs, taken, source, monkeypatch):
    """Each time another reader begins from some entry of the one before, as the journal would know it."""
    chance = random.Random(5)
    lines = [(NOW + n // 5 * 1000, "same" if n % 3 else f"line {n}") for n in range(400)]
    logs.runs["main"] = [Run(*lines)]
    monkeypatch.setattr("sampan_logging.reading._READ", 500)
    kept: list[Entry] = []
    for _ in range(8):
        one = Taken(logs)
        logs.breaks = [chance.randint(1000, 6000)]
        one.see(source(), ContainerState(0, begun=True, over=True), kept[-1].progress if kept else None)
        one.until(lambda one=one: len(one.entries) > 2 or one.ended("uid-web/main"))
        one.reader.stop()
        kept += one.entries[: chance.randint(1, 3)]
        if kept[-1].progress.ended:
            break
    if not kept[-1].progress.ended:
        taken.see(source(), ContainerState(0, begun=True, over=True), kept[-1].progress)
        taken.until(lambda: taken.ended("uid-web/main"))
    kept += taken.entries

    assert [text.decode() for entry in kept for _, _, text in entry.lines] == [text for _, text in lines]
    assert not [entry.gap for entry in kept if entry.gap]


def test_lines_too_long_come_in_the_same_parts_each_time(logs, taken, source):
    text = "x" * 2500
    logs.runs["main"] = [Run((NOW, text), (NOW, "short"), (NOW + 1, text))]
    logs.breaks = [1800]
    taken.see(source(), ContainerState(0, begun=True, over=True))
    taken.until(lambda: taken.ended("uid-web/main"))

    assert "".join(taken.texts) == f"{text}short{text}"
    assert set(taken.ids.values()) == {1}
    assert max(map(len, taken.texts)) <= 1000


def test_with_few_connections_containers_take_turns(logs, taken, source, monkeypatch):
    monkeypatch.setattr("sampan_logging.reading._TURN", 0.0)
    for n in range(6):
        logs.runs[f"c{n}"] = [Run((NOW, f"first {n}"), over=False)]
    few = Taken(logs, most_streams=2)
    for n in range(6):
        few.see(source(container=f"c{n}"), ContainerState(0, begun=True))
    few.until(lambda: {f"first {n}" for n in range(6)} <= set(few.texts))
    for n in range(6):
        logs.say(f"c{n}", (NOW + 5, f"second {n}"))
    few.until(lambda: {f"second {n}" for n in range(6)} <= set(few.texts))
    few.reader.stop()

    assert set(few.ids.values()) == {1}


def test_nothing_is_read_while_nothing_is_accepted(logs, taken, source):
    taken.accepting = False
    logs.runs["main"] = [Run(*numbered(3))]
    taken.see(source(), ContainerState(0, begun=True, over=True))
    with logs.change:
        assert logs.change.wait_for(lambda: logs.asked, 60) or logs.asked
    assert taken.entries == []
    taken.accepting = True
    taken.until(lambda: taken.ended("uid-web/main"))

    assert taken.texts == [f"line {n}" for n in range(3)]
