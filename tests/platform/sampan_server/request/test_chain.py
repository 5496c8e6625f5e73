"""Chain steps of plugins: their order, refusals, waits, and the outcome that they are told once, whatever serves."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hanging import hangs, late_alone

from sampan.contracts.admission import Review
from sampan.contracts.chain import ChainRequest, Later, OutcomeCallback, RequestOutcome
from sampan.contracts.kinds import Kind
from sampan.contracts.serving import Answer, Route, Subresource
from sampan.errors import Forbidden, PluginError, TooManyRequests
from sampan.hookspecs import hookimpl
from sampan_http.handoff import Hijacked, Offloaded
from sampan_http.pool import Pool
from sampan_isolation import Deadlines
from sampan_server import front
from sampan_server.request import chain
from sampan_server.request.chain import ContributedStep, ordered
from sampan_server.request.outcomes import OutcomeTracker
from sampan_server.request.request import Request

CMS = "/api/v1/namespaces/default/configmaps"
BOATS = "/apis/example.org/v1/namespaces/default/boats"


class Step:
    """Notes what it is asked and told."""

    inline = True

    def __init__(self, name: str = "audit", *, after: str = "", before: str = "", **more: Any) -> None:
        self.name, self.after, self.before = name, after, before
        self.asked: list[tuple[str, str]] = []
        self.told: list[tuple[str, int]] = []
        self.outcomes: list[RequestOutcome] = []
        self.threads: list[threading.Thread] = []
        self.act: Callable[[ChainRequest], None] = lambda request: None
        self.__dict__.update(more)

    def enter(self, request: ChainRequest) -> OutcomeCallback | None:
        self.asked.append((request.verb, request.path))
        self.threads.append(threading.current_thread())
        self.act(request)
        return partial(self.tell, request)

    def tell(self, request: ChainRequest, outcome: RequestOutcome) -> None:
        self.outcomes.append(outcome)  # first: a test waits for what is told
        self.told.append((f"{request.verb} {request.user.name}", outcome.status))

    def statuses(self, count: int = 1) -> list[int]:
        """Sorted, once so many are there: threads tell in any order."""
        deadline = time.monotonic() + 30
        while len(self.told) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        return sorted(status for _, status in self.told)


class Plugin:
    """Steps of sampan's own, or of a third-party plugin."""

    def __init__(self, *steps: Any, ours: bool = True) -> None:
        self.steps = steps
        if ours:
            self.__name__ = "sampan_config.test_chain"

    @hookimpl
    def contribute_chain_steps(self) -> Any:
        return self.steps


OWN = ["authenticate", "impersonate", "authorize"]


def own() -> list[tuple[str, Any]]:
    return [(name, lambda request, name=name: None) for name in OWN]


def order(*steps: Any) -> list[str]:
    marked = own()
    found = ordered(marked, [("mine", step) for step in steps], Pool(1, 1.0))
    known = {id(function): name for name, function in marked}
    return [step.name if isinstance(step, ContributedStep) else known[id(step)] for step in found]


def test_steps_stand_where_they_say() -> None:
    found = order(
        Step("audit", after="impersonate"), Step("limit", before="authenticate"), Step("last", after="authorize"),
        Step("b", after="audit"), Step("a", after="audit"), Step("first", before="limit"),
        Step("flow", before="authorize"),
    )  # fmt: skip

    assert found == ["first", "limit", "authenticate", "impersonate", "audit", "a", "b", "flow", "authorize", "last"]
    assert order() == OWN


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([Step("a", after="autorize")], r"a has its place at 'autorize', which is none \(did you mean 'authorize'\?\)"),
        ([Step("authorize", after="authenticate")], "'authorize' is the name of another chain step already"),
        (
            [Step("a", after="authorize"), Step("a", before="authorize")],
            "'a' is the name of another chain step already",
        ),
        ([Step("a", after="b"), Step("b", after="a")], "the chain step a and the one it names have no place"),
        ([Step("a", after="a")], "have no place"),
    ],
)
def test_names_and_places_that_cannot_be_are_refused(steps: Any, words: str) -> None:
    with pytest.raises(PluginError, match=words):
        order(*steps)


@pytest.mark.parametrize(
    "step", [Step("a"), Step("a", after="x", before="y"), Step("a", after=7), type("A", (), {"name": "a"})(), 7]
)  # fmt: skip
def test_nonsense_keeps_the_server_from_starting(make: Any, step: Any) -> None:
    with pytest.raises(PluginError, match="contribute_chain_steps"):
        make(more={"mine": Plugin(step)})


def test_unknown_places_keep_the_server_from_starting(make: Any) -> None:
    with pytest.raises(PluginError, match="plugin mine: the chain step audit"):
        make(more={"mine": Plugin(Step(after="nobody"))})


def test_without_steps_nothing_is_kept_for_a_request(make: Any) -> None:
    request = Request({"REQUEST_METHOD": "GET", "PATH_INFO": "/version"})

    make().app.front.answer(request)

    assert request.tracker is None


# -- under every server


@pytest.fixture(params=["ours", "third-party", "third-party inline"])
def plugin(request: Any) -> Callable[..., Plugin]:
    def build(*steps: Step) -> Plugin:
        for step in steps:
            step.inline = request.param == "third-party inline"
        return Plugin(*steps, ours=request.param == "ours")

    return build


def test_it_is_asked_once_and_told_once_of_everything(make: Any, shapes: Any, under: Any, plugin: Any) -> None:
    step = Step(after="impersonate")
    server = under(make(more={"mine": plugin(step)}))

    asked = [
        ("GET", "/version", None, 200), ("GET", CMS, None, 200), ("GET", f"{CMS}/none", None, 404),
        ("POST", CMS, shapes.config_map("a"), 201), ("POST", f"{CMS}?dryRun=All", shapes.config_map("b"), 201),
        ("POST", CMS, shapes.config_map("a"), 409), ("PUT", f"{CMS}/a", shapes.config_map("a", x="1"), 200),
        ("DELETE", f"{CMS}/a", None, 200), ("DELETE", CMS, None, 200), ("PUT", CMS, {}, 405),
        ("GET", "/openapi/v2", None, 200), ("GET", "/nowhere", None, 404),
    ]  # fmt: skip
    for method, path, body, status in asked:
        assert server.ask(method, path, body)[0] == status

    assert step.statuses(len(asked)) == sorted(status for *_, status in asked)
    assert len(step.asked) == len(step.told) == len(asked)
    assert {who.split()[1] for who, _ in step.told} == {"admin"}
    assert all(0 < outcome.seconds < 600 for outcome in step.outcomes)


def test_a_step_before_authenticate_is_told_of_anonymous_requests_too(make: Any, under: Any, plugin: Any) -> None:
    early, late = Step("early", before="authenticate"), Step("late", after="authenticate")
    server = under(make(more={"mine": plugin(early, late)}))

    assert server.ask("GET", CMS, X_User="")[0] == 401
    assert server.ask("GET", CMS)[0] == 200

    assert early.statuses(2) == [200, 401]
    assert late.statuses(1) == [200]


def test_a_step_refuses_and_those_before_it_are_told(make: Any, under: Any, plugin: Any) -> None:
    def refuse(request: ChainRequest) -> None:
        raise TooManyRequests("wait", retry_after=7)

    first, second, third = (
        Step("first", after="authenticate"),
        Step("second", after="first"),
        Step("third", after="second"),
    )
    second.act = refuse
    server = under(make(more={"mine": plugin(first, second, third)}))

    status, said = server.ask("GET", CMS)

    assert (status, said["message"], said["details"]["retryAfterSeconds"]) == (429, "wait", 7)
    assert first.statuses() == [429]
    assert second.told == third.asked == []


def test_a_step_that_raises_is_an_internal_error(make: Any, under: Any, plugin: Any) -> None:
    def fail(request: ChainRequest) -> None:
        raise RuntimeError("a secret")

    first, second = Step("first", after="authenticate"), Step("second", after="first")
    second.act = fail
    server = under(make(more={"mine": plugin(first, second)}))

    status, said = server.ask("GET", CMS)
    second.act = lambda request: None

    assert status == 500 and "a secret" not in said["message"]
    assert first.statuses() == [500]
    assert server.ask("GET", CMS)[0] == 200


def test_one_that_fails_when_told_is_logged_and_the_answer_goes_out(make: Any, under: Any, plugin: Any) -> None:
    class Odd(Step):
        def tell(self, request: ChainRequest, outcome: RequestOutcome) -> None:
            super().tell(request, outcome)
            raise RuntimeError("no")

    odd, other = Odd("odd", after="authenticate"), Step("other", before="authenticate")
    server = under(make(more={"mine": plugin(odd, other)}))

    assert server.ask("GET", CMS)[0] == 200

    assert odd.statuses() == other.statuses() == [200]


def test_a_panic_in_what_serves_is_told_as_500(make: Any, shapes: Any, under: Any, plugin: Any) -> None:
    step, extra = Step(after="authorize"), shapes.Extra()

    def serve(call: Any) -> Any:
        raise RuntimeError("no")

    extra.routes = [Route(path="/inline", serve=serve), Route(path="/blocking", serve=serve, blocking=True)]
    server = under(make(extra, more={"mine": plugin(step)}))

    assert server.ask("GET", "/inline")[0] == server.ask("GET", "/blocking")[0] == 500

    assert step.statuses(2) == [500, 500]


def test_what_runs_on_the_pool_and_what_streams_is_told_at_its_end(
    make: Any, shapes: Any, under: Any, plugin: Any
) -> None:
    step, extra, sent = Step(after="authorize"), shapes.Extra(), []

    def stream(call: Any) -> Answer:
        def body() -> Iterator[bytes]:
            yield b"one"
            sent.append(list(step.told))
            yield b"two"

        return Answer(202, body(), "text/plain")

    extra.routes = [
        Route(path="/teapot", serve=lambda call: Answer(418, b"", "text/plain"), blocking=True),
        Route(path="/stream", serve=stream, blocking=True),
    ]
    server = under(make(extra, more={"mine": plugin(step)}))

    assert server.ask("GET", "/teapot")[0] == 418
    assert step.statuses() == [418]
    assert server.ask("GET", "/stream") == (202, "onetwo")

    assert step.statuses(2) == [202, 418]
    assert len(sent[0]) == 1  # half way it had not been told


def test_it_hears_what_admission_noted(make: Any, shapes: Any, under: Any, plugin: Any) -> None:
    class Noting:
        name, operations, mutates, priority = "noting", frozenset({"*"}), False, 500
        inline = True

        def admit(self, review: Review) -> None:
            review.audit_annotations[f"example.org/{review.operation}"] = review.name

    step, extra = Step(after="authorize"), shapes.Extra()
    extra.admitters = [Noting()]
    server = under(make(extra, more={"mine": plugin(step)}))

    server.ask("POST", CMS, shapes.config_map("a"))
    server.ask("DELETE", CMS)

    step.statuses(2)
    noted = sorted(item for outcome in step.outcomes for item in outcome.annotations.items())
    assert noted == [("example.org/CREATE", "a"), ("example.org/DELETE", "a")]


# -- waiting


def test_a_request_waits_until_it_may_go_on(make: Any, shapes: Any, under: Any, plugin: Any) -> None:
    waiting: list[Any] = []
    step, after = Step("flow", after="authenticate"), Step("after", after="flow")

    def later(request: ChainRequest) -> None:
        if request.resource:
            raise Later(begin)

    def begin(resume: Any) -> None:
        threading.Timer(0.05, lambda: resume(partial(waiting.append))).start()

    step.act = later
    server = under(make(more={"mine": plugin(step, after)}))

    assert server.ask("GET", CMS)[0] == 200
    assert server.ask("POST", CMS, shapes.config_map("a"))[0] == 201

    assert after.statuses(2) == [200, 201]
    deadline = time.monotonic() + 30
    while len(waiting) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert sorted(outcome.status for outcome in waiting) == [200, 201]
    assert all(outcome.seconds > 0.04 for outcome in waiting)
    assert len(step.asked) == len(after.asked) == 2


@pytest.mark.parametrize("at_once", [True, False])
def test_a_request_that_has_waited_can_be_refused(make: Any, under: Any, plugin: Any, at_once: bool) -> None:
    step = Step("flow", after="authenticate")

    def begin(resume: Any) -> None:
        refusal = Forbidden("no")
        if at_once:
            resume(refusal)
            resume(None)  # counts no more
        else:
            threading.Timer(0.02, lambda: resume(refusal)).start()

    def later(request: ChainRequest) -> None:
        raise Later(begin)

    step.act = later
    server = under(make(more={"mine": plugin(step)}))

    status, said = server.ask("GET", CMS)

    assert (status, said["message"]) == (403, "no")


def test_a_wait_that_cannot_begin_is_an_error(make: Any, under: Any, plugin: Any) -> None:
    step = Step("flow", after="authenticate")

    def begin(resume: Any) -> None:
        raise RuntimeError("no")

    def later(request: ChainRequest) -> None:
        raise Later(begin)

    step.act = later
    server = under(make(more={"mine": plugin(step)}))

    assert server.ask("GET", CMS)[0] == 500


def test_no_request_waits_for_ever(make: Any, under: Any, plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(front, "LONGEST_WAIT", 0.05)
    first, step, kept = Step("first", before="authenticate"), Step("flow", after="authenticate"), []

    def later(request: ChainRequest) -> None:
        raise Later(kept.append)

    step.act = later
    server = under(make(more={"mine": plugin(first, step)}))

    status, said = server.ask("GET", CMS)
    kept[0](None)  # too late

    assert (status, said["reason"]) == (504, "Timeout")
    assert first.statuses() == [504]


def test_many_wait_on_the_loop_and_others_are_served(make: Any, on_loop: Any) -> None:
    step, resumes = Step("flow", after="authenticate"), []

    def later(request: ChainRequest) -> None:
        if request.resource:
            raise Later(resumes.append)

    step.act = later
    server = on_loop(make(more={"mine": Plugin(step)}))
    before = set(threading.enumerate())
    connections = [server.connect() for _ in range(100)]
    for connection in connections:
        connection.request("GET", CMS)
    deadline = time.monotonic() + 30
    while len(resumes) < 100 and time.monotonic() < deadline:
        assert server.ask("GET", "/version")[0] == 200

    new = [each.name for each in threading.enumerate() if each not in before]
    assert not [name for name in new if name.startswith("sampan")]  # none is kept busy
    for resume in resumes:
        resume(None)
    assert {connection.getresponse().status for connection in connections} == {200}
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("ours", [True, False])
def test_a_client_that_leaves_while_it_waits_is_told_of(make: Any, on_loop: Any, ours: bool) -> None:
    first, step, last = (
        Step("first", before="authenticate"),
        Step("flow", after="first"),
        Step("last", after="authorize"),
    )
    resumes: list[Any] = []

    def later(request: ChainRequest) -> None:
        if request.resource:
            raise Later(resumes.append)

    step.act, last.inline = later, ours
    server = on_loop(make(more={"mine": Plugin(first, step), "other": Plugin(last, ours=ours)}))
    sock = socket.create_connection(server.listener.getsockname())
    sock.sendall(f"GET {CMS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    deadline = time.monotonic() + 30
    while not resumes and time.monotonic() < deadline:
        time.sleep(0.005)
    sock.close()
    assert server.ask("GET", "/version")[0] == 200  # the server has seen it by now

    resumes[0](None)

    assert first.statuses(2) == [200, 200]
    assert {verb for verb, _ in first.told} == {"get admin", "list admin"}


# -- watches


def test_a_watch_on_the_loop_is_told_at_its_end(make: Any, shapes: Any, on_loop: Any, plugin: Any) -> None:
    step = Step(after="authorize")
    server = on_loop(make(more={"mine": plugin(step)}))

    connection = server.connect()
    connection.request("GET", f"{CMS}?watch=1")
    answer = connection.getresponse()
    assert answer.status == 200 and step.told == []
    server.ask("POST", CMS, shapes.config_map("a"))
    assert b"ADDED" in answer.readline()
    assert step.statuses() == [201]
    assert server.ask("GET", f"{CMS}?watch=1&timeoutSeconds=1")[0] == 200
    assert step.statuses(2) == [200, 201]
    assert max(outcome.seconds for outcome in step.outcomes) > 0.5
    answer.close()
    connection.close()

    assert step.statuses(3) == [200, 200, 201]
    assert [verb for verb, _ in step.asked] == ["watch", "create", "watch"]


def test_a_watch_whose_client_leaves_is_told(make: Any, on_loop: Any, plugin: Any) -> None:
    step = Step(after="authorize")
    server = on_loop(make(more={"mine": plugin(step)}))
    sock = socket.create_connection(server.listener.getsockname())
    sock.sendall(f"GET {CMS}?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert b"200 OK" in sock.recv(1000)
    assert step.told == []

    sock.close()

    assert step.statuses() == [200]


def test_work_for_the_pool_that_is_dropped_is_told_as_unanswered_and_what_runs_by_its_answer() -> None:
    tracker, told = OutcomeTracker(time.perf_counter()), []
    tracker.told.append(told.append)

    handoff = tracker.followed(tracker.followed(Offloaded(lambda: Answer(200, iter([b"x"])))))
    assert isinstance(handoff, Offloaded) and handoff.run is not None
    answer = handoff.run()
    del handoff
    assert told == []
    assert b"".join(answer.body) == b"x"
    assert [outcome.status for outcome in told] == [200]

    tracker.told.append(told.append)
    handoff = tracker.followed(Offloaded(lambda: Answer(200)))
    del handoff
    assert [outcome.status for outcome in told] == [200, 0]


def test_a_connection_that_has_ended_when_it_is_taken_is_told() -> None:
    class Ended:
        on_close = None

    tracker, told = OutcomeTracker(time.perf_counter()), []
    tracker.told.append(told.append)
    handoff = tracker.followed(Hijacked(lambda connection: None))

    assert isinstance(handoff, Hijacked)
    handoff.take(Ended())

    assert [outcome.status for outcome in told] == [200]


def test_watches_end_with_the_server_and_are_told(make: Any, on_loop: Any) -> None:
    step = Step(after="authorize")
    server = on_loop(make(more={"mine": Plugin(step)}))
    connection = server.connect()
    connection.request("GET", f"{CMS}?watch=1")
    answer = connection.getresponse()

    server.server.stop()
    answer.read()
    connection.close()

    assert step.statuses() == [200]


def test_a_watch_by_a_generator_is_told_at_its_end(make: Any, wsgi: Any) -> None:
    step = Step(after="authorize")
    server = wsgi(make(more={"mine": Plugin(step)}))

    assert server.ask("GET", f"{CMS}?watch=1&timeoutSeconds=1")[0] == 200

    assert step.statuses() == [200]
    assert step.outcomes[0].seconds > 0.5


def test_a_watch_in_process_is_told_when_it_is_closed(make: Any, shapes: Any) -> None:
    step = Step(after="authorize")
    api = make(more={"mine": Plugin(step)})
    api.post(CMS, shapes.config_map("a"))

    api.watch(CMS, count=1)

    assert step.statuses(2) == [200, 201]


# -- other ends


def test_a_subresource_that_takes_the_connection_is_told(make: Any, shapes: Any, on_loop: Any, plugin: Any) -> None:
    def serve(call: Any) -> Any:
        if call.query.get("refuse"):
            raise Forbidden("no")
        upgrade = call.takeover(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        upgrade.sendall(upgrade.recv())
        upgrade.close()
        return {}

    step, extra = Step(after="authorize"), shapes.Extra()
    sub = Subresource(name="sail", kind="Sail", serve=serve, blocking=True, connects=True, methods=("GET",))
    boat = Kind(group="example.org", version="v1", kind="Boat", plural="boats", schema={"type": "object"})
    extra.kinds = [replace(boat, subresources=(sub,))]
    server = on_loop(make(extra, more={"mine": plugin(step)}))
    server.ask("POST", BOATS, {"metadata": {"name": "b"}})
    head = "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"

    for query in ("", "?refuse=1"):
        sock = socket.create_connection(server.listener.getsockname())
        sock.sendall(f"GET {BOATS}/b/sail{query} {head}".encode())
        assert sock.recv(1000)
        if not query:
            sock.sendall(b"ahoy")
        while sock.recv(1000):
            pass
        sock.close()

    assert step.statuses(3) == [101, 201, 403]


def test_a_body_that_is_refused_by_its_head_is_told_of(make: Any, on_loop: Any, plugin: Any) -> None:
    step, late = Step("early", before="authenticate"), Step("late", after="authorize")
    server = on_loop(make(more={"mine": plugin(step, late)}))
    sock = socket.create_connection(server.listener.getsockname())
    sock.sendall(f"POST {CMS} HTTP/1.1\r\nHost: x\r\nX-User: \r\nContent-Length: 100000\r\n\r\n".encode())

    assert b"401 Unauthorized" in sock.recv(1000)
    sock.close()

    assert step.statuses() == [401]
    assert late.asked == []


def test_a_body_that_comes_later_is_asked_of_once(make: Any, shapes: Any, on_loop: Any, plugin: Any) -> None:
    step = Step("early", before="authenticate")
    server = on_loop(make(more={"mine": plugin(step)}))
    body = json.dumps(shapes.config_map("a")).encode()
    sock = socket.create_connection(server.listener.getsockname())
    head = f"POST {CMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    sock.sendall(head.encode())
    time.sleep(0.1)
    sock.sendall(body)

    assert b"201 Created" in sock.recv(1000)
    sock.close()

    assert step.statuses() == [201]
    assert len(step.asked) == 1


def test_a_request_that_is_dropped_is_told_of_as_unanswered(make: Any) -> None:
    step = Step(before="authenticate")
    request = Request({"REQUEST_METHOD": "GET", "PATH_INFO": "/version", "sampan.loop": object()})
    make(more={"mine": Plugin(step)})
    ContributedStep(Plain(step), Pool(1, 1.0))(request)

    del request

    assert step.statuses() == [0]


class Plain:
    """A step whose answer holds nothing of the request."""

    def __init__(self, step: Step) -> None:
        self.name, self.step = step.name, step

    def enter(self, request: ChainRequest) -> OutcomeCallback:
        return lambda outcome: self.step.told.append(("", outcome.status))


# -- isolation


def test_a_step_that_hangs_costs_its_deadline_and_is_named(
    make: Any, on_loop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    late_alone(monkeypatch)
    step, go = Step(after="authenticate", inline=False), threading.Event()
    step.act = lambda request: request.resource and (hangs() or go.wait()) and None
    api = make(more={"odd": Plugin(step, ours=False)}, deadlines=Deadlines(request=0.2, misses=9))
    server = on_loop(api)

    status, said = server.ask("GET", CMS)
    go.set()

    assert (status, said["message"]) == (
        500, "Internal error occurred: plugin odd failed in chain step (audit): no answer within 0.2 s",
    )  # fmt: skip
    assert server.server_thread not in step.threads
    assert server.ask("GET", "/version")[0] == 200


@pytest.mark.parametrize("answer", [7, "told"])
def test_nonsense_from_a_step_is_an_internal_error(make: Any, under: Any, answer: Any) -> None:
    class Odd(Step):
        def enter(self, request: ChainRequest) -> Any:
            return answer if request.resource else None

    server = under(make(more={"odd": Plugin(Odd(after="authenticate"), ours=False)}))

    assert server.ask("GET", CMS)[1]["message"].endswith("chain step (audit): its answer makes no sense")
    assert server.ask("GET", "/version")[0] == 200


def test_the_example_of_the_documents_logs_slow_requests(
    make: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text = (Path(__file__).parents[4] / "docs" / "writing-a-plugin.md").read_text()
    found: dict[str, Any] = {"log": logging.getLogger("example")}
    exec("class SlowRequests:" + text.partition("class SlowRequests:")[2].partition("```")[0], found)
    api = make(more={"mine": Plugin(found["SlowRequests"]())})
    began, ended = SimpleNamespace(perf_counter=lambda: 100.0), SimpleNamespace(perf_counter=lambda: 105.0)
    monkeypatch.setattr("sampan_server.front.time", began)

    monkeypatch.setattr("sampan_server.request.outcomes.time", began)
    assert api.get("/version").status_code == 200
    assert [record for record in caplog.records if record.name == "example"] == []
    monkeypatch.setattr("sampan_server.request.outcomes.time", ended)
    assert api.get("/version").status_code == 200

    [record] = [record for record in caplog.records if record.name == "example"]
    assert record.getMessage() == "get /version by admin: 200 after 5.0 s"
