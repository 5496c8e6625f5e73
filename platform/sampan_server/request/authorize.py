"""Whether the user may. The first authorizer with an opinion decides; without any opinion the answer is no."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sampan.contracts.access import Attributes, Authorizer, Decision
from sampan.contracts.chain import DECISION, REASON
from sampan.errors import Forbidden
from sampan_server.request.aside import Aside
from sampan_server.request.request import Request


class Authorize:
    """A step of the chain; raises Forbidden. ``usual_verb`` gives a subresource's own RBAC verb where it has one."""

    def __init__(
        self,
        authorizers: Sequence[Authorizer],
        usual_verb: Callable[[Request], str],
        is_public: Callable[[str], bool],
    ) -> None:
        self._authorizers = tuple(authorizers)
        self._waiting = [each for each in authorizers if getattr(each, "waits", False)]
        self._usual_verb = usual_verb
        self._is_public = is_public

    def __call__(self, request: Request) -> None:
        if request.resource:
            verb = self._usual_verb(request) if request.subresource else request.verb
            asked = Attributes(
                request.user, verb, request.group, request.version, request.resource, request.subresource,
                request.namespace, request.name or _named_by_field(request), fields=_fields(request),
            )  # fmt: skip
        else:
            if self._is_public(request.path):
                return
            asked = Attributes(request.user, request.verb, path=request.path)
        allowed, reason = self._ask(asked, may_wait=not self._waiting or request.may_wait)
        if request.tracker is not None:
            request.tracker.annotations[DECISION] = "allow" if allowed else "forbid"
            request.tracker.annotations[REASON] = reason
        if not allowed:
            raise refusal(asked, reason)

    def require(self, asked: Attributes, *, may_wait: bool = True) -> None:
        """Raises Forbidden; Aside where an authorizer may be late and the caller must not wait."""
        allowed, reason = self._ask(asked, may_wait=may_wait)
        if not allowed:
            raise refusal(asked, reason)

    def _ask(self, asked: Attributes, *, may_wait: bool) -> tuple[bool, str]:
        reasons = ""
        for authorizer in self._authorizers:
            if not may_wait and authorizer in self._waiting:
                raise Aside
            decision, reason = authorizer.authorize(asked)
            if decision is Decision.ALLOW:
                return True, reason
            if decision is Decision.DENY:
                return False, reason
            if reason:
                reasons = f"{reasons}, {reason}" if reasons else reason
        return False, reasons

    def decide(self, asked: Attributes) -> tuple[bool, str]:
        decision, reason = self.opinion(asked)
        return decision is Decision.ALLOW, reason

    def opinion(self, asked: Attributes) -> tuple[Decision, str]:
        """What all authorizers together say, and why."""
        reasons = []
        for authorizer in self._authorizers:
            decision, reason = authorizer.authorize(asked)
            if decision is not Decision.NO_OPINION:
                return decision, reason
            if reason:
                reasons.append(reason)
        return Decision.NO_OPINION, ", ".join(reasons)


def refusal(asked: Attributes, why: str = "") -> Forbidden:
    """The 403 in upstream's words, and at its end those of the authorizers that said why."""
    why = f": {why}" if why else ""
    user = f'User "{asked.user.name}"'
    if asked.path:
        return Forbidden(f'forbidden: {user} cannot {asked.verb} path "{asked.path}"{why}')
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    full = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    what = f'{full} "{asked.name}"' if asked.name else full
    return Forbidden(
        f'{what} is forbidden: {user} cannot {asked.verb} resource "{resource}" in API group "{asked.group}" '
        f"{where}{why}",
        group=asked.group,
        kind=asked.resource,
        name=asked.name,
    )


def _fields(request: Request) -> str:
    """The field selector of a request about many objects; by it a node may list its own pods."""
    if request.verb not in ("list", "watch", "deletecollection") or "fieldSelector" not in request.query:
        return ""
    return request.value("fieldSelector")


def _named_by_field(request: Request) -> str:
    """A list or watch of one name counts as naming it, so that RBAC's resourceNames can allow it."""
    text = _fields(request)
    return text.removeprefix("metadata.name=") if text.startswith("metadata.name=") and "," not in text else ""
