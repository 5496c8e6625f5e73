"""Who is asking: each authenticator in turn, also after one that refuses the credentials."""

from __future__ import annotations

from typing import Any

import pytest

from sampan.contracts.access import ANONYMOUS, User
from sampan.errors import Unauthorized
from sampan_server.request.aside import Aside
from sampan_server.request.authenticate import Authenticate
from sampan_server.request.request import Request


class Knows:
    """Answers what it is given, or raises it."""

    def __init__(self, answer: Any, *, waits: bool = False) -> None:
        self.name, self.answer, self.waits = "knows", answer, waits

    def authenticate(self, credentials: Any) -> User | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        found: User | None = self.answer
        return found


def asked(*authenticators: Knows, path: str = "/api", loop: Any = None) -> User:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "sampan.loop": loop}
    request = Request(environ)
    Authenticate(authenticators)(request)
    return request.user


JOE = User("joe")
REFUSED = Unauthorized("invalid bearer token")


def test_the_first_that_knows_the_caller_decides() -> None:
    assert asked(Knows(None), Knows(JOE), Knows(User("eve"))) == JOE


def test_another_may_know_what_one_refuses() -> None:
    assert asked(Knows(REFUSED), Knows(JOE)) == JOE


@pytest.mark.parametrize("path", ["/api", "/version"])
def test_what_is_refused_and_known_to_none_is_never_anonymous(path: str) -> None:
    with pytest.raises(Unauthorized, match="invalid bearer token"):
        asked(Knows(REFUSED), Knows(None), Knows(Unauthorized("later")), path=path)


def test_without_credentials_public_paths_alone_are_open() -> None:
    assert asked(Knows(None), path="/version") == ANONYMOUS
    with pytest.raises(Unauthorized):
        asked(Knows(None))


def test_one_that_waits_is_not_asked_on_the_loop_unless_an_earlier_one_knows() -> None:
    assert asked(Knows(JOE), Knows(None, waits=True), loop=object()) == JOE
    with pytest.raises(Aside):
        asked(Knows(REFUSED), Knows(JOE, waits=True), loop=object())
    assert asked(Knows(REFUSED), Knows(JOE, waits=True)) == JOE


def test_an_authenticator_may_decide_where_anonymous_callers_are_admitted() -> None:
    rule = Knows(None)
    rule.admits_anonymous = lambda path: path == "/api"  # type: ignore[attr-defined]

    assert asked(Knows(None), rule) == ANONYMOUS
    with pytest.raises(Unauthorized):
        asked(Knows(None), rule, path="/version")
    with pytest.raises(Unauthorized, match="invalid bearer token"):
        asked(Knows(REFUSED), rule)
