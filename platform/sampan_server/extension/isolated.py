"""Third-party code that answers requests, isolated: each wrapper has the shape of what it wraps.

Such code may be late, so the loop must not wait for it: ``Guard`` knows which requests can reach it, and the front
runs those aside, on a pool thread. What asks to be trusted (``inline = True``) is called where it stands, as ours is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sampan.contracts.access import Attributes, Authenticator, Authorizer, Credentials, Decision, User
from sampan.contracts.admission import Admitter, Review
from sampan.contracts.chain import ChainRequest, ChainStep, Later, OutcomeCallback, RequestOutcome, Resume
from sampan.contracts.kind_sources import KindSource, Refused
from sampan.contracts.kinds import Column, Kind, Object, Problem, Resource
from sampan.contracts.serving import Answer, Route, Subresource
from sampan.errors import SampanError, StatusError
from sampan_isolation import Isolation
from sampan_server.registry import Served
from sampan_server.request.request import Request

#: Seconds for what reads, on the loop too: a row of a table, a selectable field, a conversion.
QUICK = 0.1
UNKNOWN = "<unknown>"
#: Calls of one plugin's blocking routes and subresources at a time.
MOST_AT_ONCE = 32
_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_SCALARS = (str, int, float, bool, type(None))


def _nothing(answer: Any) -> str:
    return "" if answer is None else f"it must answer nothing, not {answer!r:.60}"


def _is(kind: type | tuple[type, ...], words: str) -> Callable[[Any], str]:
    return lambda answer: "" if isinstance(answer, kind) else f"it must answer {words}, not {answer!r:.60}"


class IsolatedAdmitter:
    """An isolated admitter; a request that it cannot judge is refused."""

    def __init__(self, isolation: Isolation, admitter: Admitter) -> None:
        self._isolation, self._admitter = isolation, admitter
        self.name, self.priority = admitter.name, admitter.priority
        self.operations, self.mutates = frozenset(admitter.operations), admitter.mutates
        self.resources = _set_of(admitter, "resources")
        self.subresources = _set_of(admitter, "subresources")
        self.may_be_absent = bool(getattr(admitter, "may_be_absent", False))
        self.reinvocation = bool(getattr(admitter, "reinvocation", False))
        self.reinvokes = bool(getattr(admitter, "reinvokes", False))
        self.second_round = bool(getattr(admitter, "second_round", False))
        self.watches = tuple(getattr(admitter, "watches", ()))
        self.blocking = bool(getattr(admitter, "blocking", False)) or not getattr(admitter, "inline", False)
        self._hook = f"admission ({admitter.name})" if admitter.name != isolation.plugin else "admission"

    def concerns(self, resources: Sequence[Resource], subresource: str, operation: str) -> bool:
        """Whether it is to be asked about such writes; an admitter that does not answer is."""
        asks = getattr(self._admitter, "concerns", None)
        if asks is None:
            return True
        try:
            return bool(self._isolation.inline(self._hook, lambda: asks(resources, subresource, operation)))
        except SampanError:
            return True

    def admit(self, review: Review) -> None:
        call = self._isolation.call if self.blocking else self._isolation.inline
        call(self._hook, lambda: self._admitter.admit(review), check=_nothing)


def _set_of(admitter: Admitter, name: str) -> frozenset[str] | None:
    declared = getattr(admitter, name, None)
    return frozenset(declared) if declared is not None else None


class IsolatedAuthenticator:
    def __init__(self, isolation: Isolation, authenticator: Authenticator) -> None:
        self._isolation, self._authenticator = isolation, authenticator
        self.name = authenticator.name
        self.waits = not getattr(authenticator, "inline", False)

    def authenticate(self, credentials: Credentials) -> User | None:
        call = self._isolation.call if self.waits else self._isolation.inline
        user: User | None = call(
            "authentication", lambda: self._authenticator.authenticate(credentials),
            check=_is((User, type(None)), "a User or None"),
        )  # fmt: skip
        return user


class IsolatedAuthorizer:
    def __init__(self, isolation: Isolation, authorizer: Authorizer) -> None:
        self._isolation, self._authorizer = isolation, authorizer
        self.name = authorizer.name
        self.waits = not getattr(authorizer, "inline", False)

    def authorize(self, asked: Attributes) -> tuple[Decision, str]:
        call = self._isolation.call if self.waits else self._isolation.inline
        answer: tuple[Decision, str] = call("authorization", lambda: self._authorizer.authorize(asked), check=_decision)
        return answer


def _decision(answer: Any) -> str:
    good = isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], Decision)
    return "" if good and isinstance(answer[1], str) else f"it must answer (Decision, reason), not {answer!r:.60}"


class IsolatedStep:
    """An isolated chain step; a request of which it cannot be asked is refused."""

    def __init__(self, isolation: Isolation, step: ChainStep) -> None:
        self._isolation, self._step = isolation, step
        self.name = step.name
        self.after, self.before = getattr(step, "after", ""), getattr(step, "before", "")
        self.waits = not getattr(step, "inline", False)
        self._call = isolation.call if self.waits else isolation.inline
        self._hook = f"chain step ({step.name})" if step.name != isolation.plugin else "chain step"

    def enter(self, request: ChainRequest) -> OutcomeCallback | None:
        try:
            told = self._call(self._hook, lambda: self._step.enter(request), check=_told, passes=(StatusError, Later))
        except Later as error:
            later = error
        else:
            return self._isolated(told)
        raise Later(lambda resume: self._begin(later, resume))

    def _begin(self, later: Later, resume: Resume) -> None:
        def resumed(result: Any = None) -> None:
            if not isinstance(result, StatusError):
                wrong = _told(result)
                result = self._isolation.failed(self._hook, "answer", wrong) if wrong else self._isolated(result)
            resume(result)

        self._call(self._hook, lambda: later.begin(resumed), check=_nothing)

    def _isolated(self, told: OutcomeCallback | None) -> OutcomeCallback | None:
        if told is None:
            return None

        def tell(outcome: RequestOutcome) -> None:
            with contextlib.suppress(StatusError):  # the failure log has it
                self._call(self._hook, lambda: told(outcome))

        return tell


def _told(answer: Any) -> str:
    return "" if answer is None or callable(answer) else f"it must answer a function or None, not {answer!r:.60}"


class IsolatedKindSource:
    """An isolated kind source; it runs on a thread of the server that serves no request."""

    def __init__(self, isolation: Isolation, source: KindSource) -> None:
        self._isolation, self._source = isolation, source
        self.name, self.watches = source.name, tuple(source.watches)

    def kinds(self) -> Sequence[Kind]:
        answer: Sequence[Kind] = self._call("kinds", self._source.kinds, _is((list, tuple), "a list of Kinds"))
        return answer

    def settled(self, served: Sequence[Kind], refused: Sequence[Refused]) -> None:
        self._call("settled", lambda: self._source.settled(served, refused), None)

    def removes(self, kind: Kind) -> bool:
        answer: bool = self._call("removes", lambda: self._source.removes(kind), _is(bool, "True or False"))
        return answer

    def _call(self, method: str, function: Callable[[], Any], check: Callable[[Any], str] | None) -> Any:
        hook = f"kind source {self.name}.{method}"
        return self._isolation.call(hook, function, check=check, seconds=self._isolation.deadlines.decide)


def isolated_kind(isolation: Isolation, kind: Kind) -> Kind:
    """The kind with all its functions isolated; those that it has not set stay as they are."""
    usual = {field.name: field.default for field in dataclasses.fields(Kind)}
    changed: dict[str, Any] = {}

    def wrap(name: str, check: Callable[[Any], str] | None, **more: Any) -> None:
        function = getattr(kind, name)
        if function is not None and function is not usual[name]:
            hook = f"{kind.kind}.{name}"
            changed[name] = lambda *facts: isolation.call(hook, lambda: function(*facts), check=check, **more)

    for name in ("default", "prepare", "terminate"):
        wrap(name, None)
    wrap("grace", _is(int, "seconds"))
    wrap("held", _is(bool, "True or False"))
    wrap("restore", _is((dict, type(None)), "an object or None"))
    conversion = 0.0 if kind.conversions_block else QUICK  # 0: the deadline of what a request waits for
    wrap("to_stored", _is(dict, "an object"), seconds=conversion)
    wrap("from_stored", _is(dict, "an object"), seconds=conversion)
    wrap("from_stored_many", _is((list, tuple), "a list of objects"), seconds=conversion)
    wrap("answer", None)
    wrap("computed", _is((list, tuple), "a list of objects"))
    if kind.validate is not usual["validate"]:
        changed["validate"] = _validation(isolation, kind)
    if kind.columns:
        changed["columns"] = _columns(isolation, kind)
    changed["fields"] = {name: _text(isolation, f"{kind.kind}.fields", read) for name, read in kind.fields.items()}
    changed["subresources"] = tuple(isolated_subresource(isolation, kind, sub) for sub in kind.subresources)
    if kind.scale is not None:
        selector = _text(isolation, f"{kind.kind}.scale", kind.scale.selector)
        changed["scale"] = dataclasses.replace(kind.scale, selector=selector)
    return dataclasses.replace(kind, **changed)


def _validation(isolation: Isolation, kind: Kind) -> Callable[[Object, Object | None], Iterable[Problem]]:
    def check(answer: list[Any]) -> str:
        wrong = next((each for each in answer if not isinstance(each, Problem)), None)
        return "" if wrong is None else f"it must answer Problems, not {wrong!r:.60}"

    def validate(obj: Object, old: Object | None) -> list[Problem]:
        found: list[Problem] = isolation.call(
            f"{kind.kind}.validate", lambda: list(kind.validate(obj, old)), check=check
        )
        return found

    return validate


def _text(isolation: Isolation, hook: str, read: Callable[[Object], str]) -> Callable[[Object], str]:
    """A function to text; what fails is "", for a broken field must not keep an object from being read."""

    def guarded(obj: Object) -> str:
        try:
            return str(isolation.call(hook, lambda: read(obj), seconds=QUICK, check=_is(str, "text")))
        except StatusError:
            return ""

    return guarded


def _columns(isolation: Isolation, kind: Kind) -> tuple[Column, ...]:
    """Columns of which a whole row is computed by one call; where that fails, only the name is shown."""
    last = threading.local()
    columns = kind.columns

    def row(obj: Object) -> list[Any]:
        if getattr(last, "obj", None) is not obj:
            try:
                last.row = isolation.call(
                    f"{kind.kind}.columns",
                    lambda: [column.cell(obj) for column in columns],
                    seconds=QUICK,
                    check=_cells,
                )
            except StatusError:
                last.row = [obj["metadata"].get("name") if column.format == "name" else UNKNOWN for column in columns]
            last.obj = obj
        found: list[Any] = last.row
        return found

    def cell(index: int) -> Callable[[Object], Any]:
        return lambda obj: row(obj)[index]

    return tuple(dataclasses.replace(column, cell=cell(index)) for index, column in enumerate(columns))


def _cells(answer: list[Any]) -> str:
    wrong = next((each for each in answer if not isinstance(each, _SCALARS)), "")
    return f"a cell must be text or a number, not {wrong!r:.60}" if wrong != "" else ""


def isolated_subresource(isolation: Isolation, kind: Kind, sub: Subresource) -> Subresource:
    hook = f"{kind.kind}/{sub.name}"
    merge = sub.merge
    merged = None
    if merge is not None:

        def merged(current: Object, submitted: Object) -> Object:
            obj: Object = isolation.call(hook, lambda: merge(current, submitted), check=_is(dict, "an object"))
            return obj

    return dataclasses.replace(
        sub, serve=_served(isolation, hook, sub.serve, sub.blocking), blocking=True, merge=merged
    )


def isolated_route(isolation: Isolation, route: Route) -> Route:
    return dataclasses.replace(route, serve=_served(isolation, route.path, route.serve, route.blocking), blocking=True)


def _served(isolation: Isolation, hook: str, serve: Callable[[Any], Any], blocking: bool) -> Callable[[Any], Any]:
    """On the pool either way. What says that it blocks has no deadline (it may be a stream), but so many threads."""
    if not blocking:
        return lambda call: isolation.call(hook, lambda: serve(call), check=_served_answer)
    room = threading.BoundedSemaphore(MOST_AT_ONCE)

    def guarded(call: Any) -> Any:
        if not room.acquire(blocking=False):
            raise isolation.failed(hook, "late", f"{MOST_AT_ONCE} calls have not ended yet")
        try:
            return isolation.inline(hook, lambda: serve(call), check=_served_answer)
        finally:
            room.release()

    return guarded


def _served_answer(answer: Any) -> str:
    good = isinstance(answer, Answer | dict) or hasattr(answer, "change")
    return "" if good else f"it must answer an object, an Answer or Call.change(…), not {answer!r:.60}"


class Guard:
    """Which requests can reach code that may be late where the loop would wait for it. Admitters are not among it: a
    write parks while one of them is asked."""

    def __init__(self, kinds: Iterable[Kind], authorizers: Sequence[Any]) -> None:
        self._kinds = {(kind.group, kind.version, kind.plural) for kind in kinds}
        self._asks = any(getattr(authorizer, "waits", False) for authorizer in authorizers)
        self.any = bool(self._kinds or self._asks)
        self._known: dict[tuple[Served, str, bool], bool] = {}

    def follow(self, gone: Sequence[Served], fresh: Sequence[Served]) -> None:
        """Kinds have changed."""
        self._known = {}
        self.any = self.any or any(served.blocks or served.isolated for served in fresh)

    def concerns(self, request: Request, served: Served) -> bool:
        key = (served, request.verb, bool(request.subresource))
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 10_000:
                self._known.clear()
            found = self._known[key] = self._concerns(request, served)
        return found

    def _concerns(self, request: Request, served: Served) -> bool:
        kind = served.stored
        if served.blocks:
            return request.verb != "watch"  # the hub has threads that convert
        if self._asks and (kind.answer is not None or request.subresource or request.verb in _WRITES):
            return True  # reviews of access ask the authorizers, and so do rules of admission (escalation)
        if request.verb == "watch" or not (request.subresource or request.verb in _WRITES or kind.computed is not None):
            return False
        return served.isolated or (kind.group, kind.version, kind.plural) in self._kinds
