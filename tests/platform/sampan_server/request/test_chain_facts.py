"""What a chain step learns of a request and of its outcome, and what it may add to the answer."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest

from sampan.contracts.access import User
from sampan.contracts.chain import DECISION, REASON, ChainRequest, RequestOutcome
from sampan.hookspecs import hookimpl
from sampan_server.request.request import Request
from sampan_testing.cluster import until

CMS = "/api/v1/namespaces/default/configmaps"
ADMIN = User("admin", ("system:masters",))


class Step:
    name, after, inline = "facts", "authenticate", True

    def __init__(self) -> None:
        self.requests: list[ChainRequest] = []
        self.outcomes: list[RequestOutcome] = []

    def enter(self, request: ChainRequest) -> Any:
        request.keep_body()
        request.add_header("audit-id", "7")
        self.requests.append(request)
        return self.outcomes.append

    @hookimpl
    def contribute_chain_steps(self) -> Any:
        return [self]


@pytest.fixture
def step() -> Step:
    return Step()


@pytest.fixture
def answer(make: Any, step: Step) -> Any:
    front = make(more={"facts": step}).app.front

    def answer(method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "dryRun=All", "REMOTE_ADDR": "10.0.0.9",
            "sampan.user": ADMIN, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), **headers,
        }  # fmt: skip
        return front.answer(Request(environ))

    return answer


def test_it_learns_who_asks_from_where(answer: Any, step: Step) -> None:
    answer("GET", CMS, HTTP_IMPERSONATE_USER="jane")

    (request,) = step.requests
    assert (request.caller.name, request.user.name) == ("admin", "jane")
    assert (request.peer, request.uri) == ("10.0.0.9", f"{CMS}?dryRun=All")


def test_it_learns_what_was_sent_and_answered(answer: Any, step: Step) -> None:
    sent = b'{"metadata":{"name":"a"}}'

    answer("POST", CMS, sent)

    assert step.requests[0].body == sent
    assert b'"name":"a"' in step.outcomes[0].body


def test_it_learns_what_the_authorizers_said(answer: Any, step: Step) -> None:
    answer("GET", CMS)

    assert step.outcomes[0].annotations[DECISION] == "allow"
    assert REASON in step.outcomes[0].annotations


def test_its_header_goes_with_the_answer(answer: Any, step: Step) -> None:
    assert ("audit-id", "7") in answer("GET", CMS).headers
    assert ("audit-id", "7") in answer("GET", f"{CMS}/none").headers


def test_secrets_are_sensitive(answer: Any, step: Step) -> None:
    answer("GET", CMS)
    answer("GET", "/api/v1/namespaces/default/secrets")

    assert [request.sensitive for request in step.requests] == [False, True]


def test_there_is_no_turn_without_a_loop(answer: Any, step: Step) -> None:
    answer("GET", CMS)

    assert not step.requests[0].at_end_of_turn(lambda: None)


def test_it_may_hear_of_requests_that_a_step_ahead_of_it_refuses(make: Any, step: Step) -> None:
    refused: list[tuple[str, int]] = []
    step.refused = lambda request, outcome: refused.append((request.path, outcome.status))  # type: ignore[attr-defined]
    more = {"facts": Ours(step)}
    front = make(more=more).app.front

    answer = front.answer(Request({"REQUEST_METHOD": "GET", "PATH_INFO": CMS}))

    assert answer.status == 401
    assert refused == [(CMS, 401)]


class Ours:
    """One of sampan's own plugins: it is not isolated."""

    __name__ = "sampan_config.test"

    def __init__(self, step: Step) -> None:
        self._step = step

    @hookimpl
    def contribute_chain_steps(self) -> Any:
        return [self._step]


class Told:
    """An outcome callback that also hears of streams that begin."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.begun = threading.Event()

    def started(self, status: int) -> None:
        self.heard.append(f"started {status}")
        self.begun.set()

    def __call__(self, outcome: RequestOutcome) -> None:
        self.heard.append(f"ended {outcome.status}")


def test_it_hears_when_a_watch_begins_and_when_it_ends(make: Any, on_loop: Any, step: Step) -> None:
    told = Told()
    step.enter = lambda request: told  # type: ignore[method-assign]
    server = on_loop(make(more={"facts": Ours(step)}))
    connection = server.connect()

    connection.request("GET", f"{CMS}?watch=1")
    answer = connection.getresponse()
    assert told.begun.wait(30)
    assert told.heard == ["started 200"]
    answer.close()
    connection.close()

    until(lambda: len(told.heard) == 2)
    assert told.heard == ["started 200", "ended 200"]


def test_an_answer_that_is_no_stream_does_not_begin(make: Any, on_loop: Any, step: Step) -> None:
    told = Told()
    step.enter = lambda request: told  # type: ignore[method-assign]

    assert on_loop(make(more={"facts": Ours(step)})).ask("GET", CMS)[0] == 200

    until(lambda: told.heard)
    assert told.heard == ["ended 200"]


def test_what_is_to_be_called_at_the_end_of_a_turn_is_called_once(make: Any, on_loop: Any, step: Step) -> None:
    called = threading.Event()
    known: list[bool] = []

    def enter(request: ChainRequest) -> None:
        known.append(request.on_loop and request.at_end_of_turn(called.set))

    step.enter = enter  # type: ignore[method-assign, assignment]

    on_loop(make(more={"facts": Ours(step)})).ask("GET", CMS)

    assert known == [True] and called.wait(30)
