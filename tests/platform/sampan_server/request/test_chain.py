"""Chain steps of plugins: their order, refusals, and the outcome that they are told once, whatever serves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chainsteps import CMS, Plugin, Step
from hanging import hangs, late_alone

from sampan.contracts.admission import Review
from sampan.contracts.chain import ChainRequest, RequestOutcome
from sampan.contracts.serving import Answer, Route
from sampan.errors import PluginError, TooManyRequests
from sampan_http.pool import Pool
from sampan_isolation import Deadlines
from sampan_server.request.chain import ContributedStep, ordered
from sampan_server.request.request import Request

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
