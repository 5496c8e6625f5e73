"""From a request to its answer: the chain, then whatever serves the path. Knows the order, not the work.

May raise what sampan_http.handoff names where the worker's loop is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sampan.contracts.chain import LONGEST_WAIT, Later, RequestOutcome
from sampan.contracts.serving import Answer, Call, Route
from sampan.errors import BadRequest, NotAcceptable, StatusError, TooManyRequests
from sampan_http.handoff import Hijacked, Offloaded, Outcome, Parked
from sampan_http.heads import Environ
from sampan_http.inspection import Inspected
from sampan_server.extension.calls import ServedCall
from sampan_server.extension.delegations import Delegations
from sampan_server.extension.isolated import Guard
from sampan_server.metrics import Metrics
from sampan_server.read import computed
from sampan_server.registry import Registry, Served
from sampan_server.request import negotiation
from sampan_server.request.aside import Aside
from sampan_server.request.chain import ContributedStep, Result, Step, too_long, wait
from sampan_server.request.compression import compressed
from sampan_server.request.heaviness import is_heavy
from sampan_server.request.otheranswers import in_other_media
from sampan_server.request.outcomes import OutcomeTracker
from sampan_server.request.request import HANDED_OVER, Request
from sampan_server.request.statuses import answer_error, no_such_path
from sampan_server.request.warnings import warning_headers
from sampan_server.subresources.subresources import Subresources, not_allowed

Verb = Callable[[Request, Served], Answer]
Page = Callable[[Request], Answer]


class Front:
    """One per app."""

    def __init__(
        self,
        registry: Registry,
        *,
        verbs: Mapping[str, Verb],
        subresources: Subresources,
        pages: Mapping[str, Page],
        routes: Sequence[Route],
        metrics: Metrics,
        guard: Guard,
        delegations: Delegations | None = None,
    ) -> None:
        self._registry = registry
        self._guard = guard
        self._finished = self._finish  # bound once, not for each request
        self._chain: Sequence[Step] = ()
        self._by_head: Sequence[Step] = ()
        self._verbs = dict(verbs)
        self._subresources = subresources
        self._pages = dict(pages)  # by first path segment
        self._routes = {route.path: route for route in routes if not route.prefix}
        self._prefixes = sorted((route for route in routes if route.prefix), key=lambda route: -len(route.path))
        self._metrics = metrics
        self._delegations = delegations or Delegations(registry)

    def set_chain(self, chain: Sequence[Step]) -> None:
        """Once, at boot."""
        self._chain = tuple(chain)
        self._by_head = tuple(step for step in chain if not isinstance(step, ContributedStep))

    def answer(self, request: Request, steps: Sequence[Step] | None = None) -> Answer:
        """Everything but raising what sampan_http.handoff names; errors have become answers. ``steps``: those of the
        chain that are still to come, where the request has waited or has left the loop."""
        if steps is None:
            request.started = time.perf_counter()
            request.finish = self._finished
            steps = self._chain
        step = None
        try:
            for step in steps:
                step(request)
            step = None
            answer = self._serve(request)
        except Aside as aside:
            rest = steps[steps.index(step) :] if step is not None else ()
            raise self._offloaded(request, rest, heavy=aside.heavy) from None
        except Later as later:
            assert isinstance(step, ContributedStep)
            return self._wait(request, step, later, steps[steps.index(step) + 1 :])
        except (Hijacked, Offloaded) as handoff:
            self._finish(request, HANDED_OVER)
            if request.tracker is None:
                raise
            raise request.tracker.followed(handoff) from None
        except Parked as handoff:
            if request.tracker is None:
                raise
            raise request.tracker.followed(handoff) from None
        except Exception as error:
            error = _in_its_words(request, error)
            answer = answer_error(error)
            if step is not None:
                self._tell_unreached(request, step, answer)
            if isinstance(error, StatusError) and error.bare:  # no handler of the kind has had the request
                return self._finish(request, answer, kind=False)
        return self._finish(request, answer)

    def inspect(self, environ: Environ) -> Inspected:
        """What the chain says by the head alone; the worker asks before it reads a body that is still to come.

        The chain runs again when the body is there. A step that may be late is not asked here, and of plugins' steps
        none before the request is refused or whole.
        """
        try:
            request = Request(environ)
        except BadRequest as error:
            return Inspected(answer_error(error))
        request.started = time.perf_counter()
        if len(self._by_head) < len(self._chain):
            request.tracker = OutcomeTracker(request.started)
        step = None
        try:
            for step in self._by_head:
                step(request)
        except Aside:
            return Inspected(None)
        except Exception as error:
            refused = answer_error(error)
            answer = self._finish(request, refused)
            self._tell_early(request, step, refused)
            if step is not None:
                self._tell_unreached(request, step, refused)
            return Inspected(answer)
        return Inspected(None, request.user.name)

    def _tell_unreached(self, request: Request, refusing: Step, answer: Answer) -> None:
        """Let the plugins' steps behind the one that refused a request know of it."""
        for step in self._chain[self._chain.index(refusing) + 1 :]:
            if isinstance(step, ContributedStep):
                took = time.perf_counter() - request.started
                body = answer.body if isinstance(answer.body, bytes) else b""
                step.tell_refused(request, RequestOutcome(answer.status, took, {}, body))

    def _tell_early(self, request: Request, refused: Step | None, answer: Answer) -> None:
        """Let the plugins' steps that come before the one that refused a request by its head know of it."""
        if request.tracker is None:
            return
        assert isinstance(answer.body, bytes)
        took = time.perf_counter() - request.started
        outcome = RequestOutcome(answer.status, took, request.tracker.annotations, answer.body)
        for step in self._chain:
            if step is refused:
                return
            if isinstance(step, ContributedStep):
                step.ask_and_tell(request, outcome)

    def _offloaded(self, request: Request, rest: Sequence[Step], *, heavy: bool) -> BaseException:
        """Made here, not where it is raised: an exception in a local variable there would be a cycle with its traceback
        and eleven frames, for each request that leaves the loop."""
        offloaded = Offloaded(partial(self._again, request, rest), heavy=heavy)
        return request.tracker.followed(offloaded) if request.tracker else offloaded

    def _again(self, request: Request, steps: Sequence[Step]) -> Answer:
        """Go on from there, on a pool thread; what is raised for the loop reaches it."""
        request.aside = True
        request.warnings.clear()
        slots = request.served.slots if request.served is not None else None
        if slots is None:
            return self.answer(request, steps)
        if not slots.acquire(blocking=False):
            refused = TooManyRequests("too many requests wait for conversions already; try again", retry_after=1)
            return self._finish(request, answer_error(refused))
        try:
            return self.answer(request, steps)
        finally:
            slots.release()

    def _wait(self, request: Request, step: ContributedStep, later: Later, steps: Sequence[Step]) -> Answer:
        """A step lets the request wait: parked where there is a loop, also when it had left it for a pool thread."""
        loop = request.loop
        if loop is None:
            return self._go_on(request, step, wait(step, later), steps)
        request.aside = False

        def begin(resume: Callable[[Outcome], None]) -> None:
            waited = False

            def arrived(result: Result) -> None:
                loop.call_soon(partial(go_on, result))

            def go_on(result: Result) -> None:
                nonlocal waited
                if not waited:
                    waited = True
                    cancel()
                    resume(lambda: self._go_on(request, step, result, steps))

            cancel = loop.call_later(LONGEST_WAIT, lambda: go_on(too_long()))
            step.begin(later, arrived)

        raise Parked(begin)

    def _go_on(self, request: Request, step: ContributedStep, result: Result, steps: Sequence[Step]) -> Answer:
        """After a wait."""
        if isinstance(result, Exception):
            return self._finish(request, answer_error(result))
        if result is not None:
            step.add_callback(request, result)
        return self.answer(request, steps)

    def _finish(self, request: Request, answer: Answer, *, kind: bool = True) -> Answer:
        self._metrics.count(request, answer.status, time.perf_counter() - request.started)
        if request.tracker is not None and answer is not HANDED_OVER:
            answer = request.tracker.finished(answer)
        if request.answer_headers is not None and answer is not HANDED_OVER:
            missing = [header for header in request.answer_headers if header not in answer.headers]
            answer = replace(answer, headers=[*answer.headers, *missing])
        answer = self._warned(request, answer, kind=kind)
        answer = in_other_media(request, answer)
        return compressed(request, answer) if request.verb == "list" else answer

    def _warned(self, request: Request, answer: Answer, *, kind: bool) -> Answer:
        """With the warnings that a refusal carries too, and that of a deprecated kind. May see an answer twice."""
        served = request.served
        old = served is not None and kind and served.kind.deprecated
        if not old and (answer.status < 400 or not request.warnings):
            return answer
        wanted = [old] if old else []
        if answer.status >= 400:
            wanted += request.warnings
        missing = [header for header in warning_headers(wanted) if header not in answer.headers]
        return replace(answer, headers=[*missing, *answer.headers]) if missing else answer

    def find(self, request: Request) -> None:
        """A step of the chain: which kind the path means, if any."""
        if request.resource:
            request.served = self._registry.find(request.group, request.version, request.resource)

    def _serve(self, request: Request) -> Answer:
        if not request.resource:
            return self._serve_path(request)
        served = request.served
        if served is None:
            return self._serve_elsewhere(request)
        if request.namespace and not served.namespaced and request.resource != "namespaces":
            raise no_such_path()
        if not request.may_wait:
            if self._guard.any and self._guard.concerns(request, served):
                raise Aside
            if is_heavy(request, served):
                raise Aside(heavy=True)
        if request.subresource:
            return self._subresources(request, served)
        if served.collection is None:
            return self._serve_unstored(request, served)
        if request.verb not in served.verbs:
            raise not_allowed()
        if served.namespaced and request.name and not request.namespace:
            raise no_such_path()
        verb = self._verbs.get(request.verb)
        if verb is None or (request.name and request.verb == "create"):
            raise not_allowed()
        if not request.name and request.verb in ("update", "patch"):
            raise not_allowed()
        return verb(request, served)

    def _serve_unstored(self, request: Request, served: Served) -> Answer:
        if served.kind.answer is not None:
            return self._subresources.virtual(request, served)
        if request.verb not in served.verbs:
            raise not_allowed()
        cluster = self._subresources.cluster
        assert cluster is not None
        return computed.answer(request, served, cluster)

    def _serve_path(self, request: Request) -> Answer:
        path = request.path
        route = self._routes.get(path) or next((r for r in self._prefixes if _below(path, r.path)), None)
        if route is not None:
            return self._serve_route(request, route)
        first = path.strip("/").partition("/")[0]
        if (first == "apis" or path.startswith("/openapi/v3/apis/")) and self._delegations.of_path(path) is not None:
            return self._serve_elsewhere(request)
        page = self._pages.get(first)
        if page is None:
            raise no_such_path()
        if request.method != "GET":
            raise not_allowed()
        return page(request)

    def _serve_route(self, request: Request, route: Route) -> Answer:
        if request.method not in route.methods:
            raise not_allowed()
        return self._run(request, route.serve, blocking=route.blocking)

    def _serve_elsewhere(self, request: Request) -> Answer:
        found = self._delegations.of_path(request.path)
        if found is None:
            raise no_such_path()
        return self._run(request, found.serve, blocking=True)

    def _run(self, request: Request, serve: Callable[[Call], object], *, blocking: bool) -> Answer:
        cluster = self._subresources.cluster
        assert cluster is not None
        return self._subresources.answer(request, ServedCall(request, cluster), serve, blocking=blocking)


def _in_its_words(request: Request, error: Exception) -> Exception:
    """A 406 for a custom kind comes from another handler upstream: with other words, and after its warnings."""
    custom = request.served is not None and request.served.kind.schema is not None
    return negotiation.not_acceptable() if custom and isinstance(error, NotAcceptable) else error


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
