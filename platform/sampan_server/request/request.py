"""One request as the chain and the verbs see it: what it addresses, its query, who asks.

Reads the WSGI environ; knows no kind. Source of the path rules: Kubernetes API concepts, "Resource URIs".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from sampan.contracts.access import ANONYMOUS, User
from sampan.contracts.serving import Answer
from sampan.errors import BadRequest
from sampan_machinery.headers import as_utf8
from sampan_server.registry import Served
from sampan_server.request.outcomes import OutcomeTracker

_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_NO_QUERY: dict[str, list[str]] = {}

#: What ``Request.finish`` is given where the connection is handed over: counted, its outcome comes later.
HANDED_OVER = Answer(200)


class Headers(Mapping[str, str]):
    """The request's headers by lower-case name, read from the environ when asked."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        key = name.upper().replace("-", "_")
        value: str = self._environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key]
        return value if value.isascii() else as_utf8(value)

    @property
    def tells_lines(self) -> bool:
        """Whether the server tells the lines of a repeated header, as ours does; others only join them."""
        return "sampan.loop" in self._environ or "sampan.user" in self._environ

    def lines(self, name: str) -> list[str] | None:
        """The lines of a header that came more than once, None for one that did not."""
        repeated: dict[str, list[str]] = self._environ.get("sampan.repeated") or {}
        return repeated.get("HTTP_" + name.upper().replace("-", "_"))

    def __iter__(self) -> Iterator[str]:
        for key in self._environ:
            if key.startswith("HTTP_"):
                yield key[5:].replace("_", "-").lower()
            elif key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                yield key.replace("_", "-").lower()

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Request:
    """One request. ``group`` … ``rest`` are set for resource paths only (``resource`` is "" otherwise)."""

    __slots__ = (
        "answer_headers",
        "aside",
        "environ",
        "finish",
        "group",
        "headers",
        "impersonator",
        "kept",
        "loop",
        "method",
        "name",
        "namespace",
        "path",
        "query",
        "resource",
        "rest",
        "served",
        "started",
        "subresource",
        "tracker",
        "user",
        "verb",
        "version",
        "warnings",
    )  # fmt: skip

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        if self.method == "HEAD":
            self.method = "GET"
        path: str = environ["PATH_INFO"]
        self.path = path if path.isascii() else _utf8(path)
        query = environ.get("QUERY_STRING")
        self.query: dict[str, list[str]] = _parse(query) if query else _NO_QUERY
        self.loop: Any = environ.get("sampan.loop")
        self.aside = False  # it has left the loop for a pool thread, and may wait
        self.headers: Mapping[str, str] = Headers(environ)
        self.user: User = ANONYMOUS
        self.impersonator: User | None = None
        self.kept: bytes | None = None  # the body, where a chain step wants it
        self.answer_headers: list[tuple[str, str]] | None = None  # what chain steps add
        self.group = self.version = self.resource = self.namespace = self.name = self.subresource = self.rest = ""
        self.verb = self.method.lower()
        self.served: Served | None = None
        self.warnings: list[str] = []
        #: Sees an answer that is made later than the call returns (parked writes).
        #: It is given the request rather than holding it: in a cycle all of it, its body too, would outlive its answer.
        self.finish: Callable[[Request, Answer], Answer] = _as_is
        self.started = 0.0
        self.tracker: OutcomeTracker | None = None  # set where a chain step wants to be told of the outcome
        self._address()

    def value(self, name: str) -> str:
        """A query parameter, "" when absent."""
        found = self.query.get(name)
        return found[0] if found else ""

    def flag(self, name: str) -> bool:
        """A boolean query parameter; raises BadRequest for what is none."""
        text = self.value(name).lower()
        if text in ("", "0", "f", "false"):
            return text == "" and name in self.query
        if text in ("1", "t", "true"):
            return True
        raise BadRequest(f"invalid value for {name}: {text!r} is not a boolean")

    def number(self, name: str) -> int | None:
        """A whole-number query parameter; raises BadRequest for what is none."""
        text = self.value(name)
        if not text:
            return None
        sign = text[1:] if text[0] == "-" else text
        if len(sign) > 19 or not (sign.isascii() and sign.isdigit()):
            raise BadRequest(f"invalid value for {name}: {text!r} is not a number")
        return int(text)

    @property
    def caller(self) -> User:
        return self.impersonator or self.user

    @property
    def uri(self) -> str:
        query = self.environ.get("QUERY_STRING")
        return f"{self.path}?{query}" if query else self.path

    @property
    def peer(self) -> str:
        return self.environ.get("REMOTE_ADDR") or ""

    @property
    def sensitive(self) -> bool:
        return self.served is not None and self.served.kind.sensitive

    @property
    def objects(self) -> int:
        served = self.served
        return len(served.collection.records) if served is not None and served.collection is not None else 0

    @property
    def on_loop(self) -> bool:
        return self.loop is not None and not self.aside

    def keep_body(self) -> None:
        self.kept = b""

    @property
    def body(self) -> bytes:
        return self.kept or b""

    def add_header(self, name: str, value: str) -> None:
        if self.answer_headers is None:
            self.answer_headers = []
        self.answer_headers.append((name, value))

    def at_end_of_turn(self, function: Callable[[], None]) -> bool:
        if self.loop is None:
            return False
        self.loop.call_soon(function)
        return True

    @property
    def may_wait(self) -> bool:
        """Whether it keeps no other request waiting."""
        return self.aside or self.loop is None

    @property
    def dry_run(self) -> bool:
        return bool(self.query) and "dryRun" in self.query and self.value("dryRun") != ""

    def _address(self) -> None:
        parts = self.path.strip("/").split("/")
        if "" in parts:
            return  # an empty namespace is no namespace
        if parts[0] == "api" and len(parts) >= 3:
            self.version, rest = parts[1], parts[2:]
        elif parts[0] == "apis" and len(parts) >= 4:
            self.group, self.version, rest = parts[1], parts[2], parts[3:]
        else:
            return
        watched = False
        if rest[0] == "watch" and len(rest) > 1:  # the old form of ?watch=true
            watched, rest = True, rest[1:]
        if rest[0] == "namespaces" and len(rest) > 1:
            self.namespace = rest[1]
            if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
                rest = rest[2:]
        self.resource = rest[0]
        if len(rest) > 1:
            self.name = rest[1]
        if len(rest) > 2:
            self.subresource = rest[2]
            if len(rest) > 3:
                start = f"/{rest[0]}/{rest[1]}/{rest[2]}"
                self.rest = self.path[self.path.index(start) + len(start) :]
        self.verb = self._verb(watched)

    def _verb(self, watched: bool) -> str:
        if self.method == "GET":
            if self.query and not self.name and "watch" in self.query and self.flag("watch"):
                return "watch"  # of one object it is a GET
            return "watch" if watched else "get" if self.name else "list"
        if self.method == "DELETE":
            return "delete" if self.name else "deletecollection"
        return _VERBS.get(self.method, self.method.lower())


def _as_is(request: Request, answer: Answer) -> Answer:
    return answer


def _utf8(text: str) -> str:
    """WSGI hands bytes over as Latin-1 (PEP 3333); a path is UTF-8 (RFC 3986, 2.5). Raises BadRequest."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        raise BadRequest("the path is not UTF-8") from None


def _parse(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError as error:
        raise BadRequest(f"the query cannot be read: {error}") from error
