"""The rule NamespaceLifecycle: no object is created in a namespace that is absent or terminating, and three namespaces
are never deleted."""

from __future__ import annotations

from sampan.contracts.admission import Review
from sampan.contracts.serving import Reader
from sampan.errors import Cause, Forbidden, NotFound
from sampan_machinery.resources import NAMESPACES
from sampan_namespaces.resources import PERMANENT, is_terminating

#: Questions about a namespace may be asked of one that is not there.
_ASKED_ABOUT = "authorization.k8s.io"


class NamespaceLifecycle:
    """Remembers each namespace's state until any namespace changes: the rule runs on every write."""

    name = "NamespaceLifecycle"
    operations = frozenset({"CREATE", "UPDATE", "DELETE"})
    mutates = True  # changes nothing, but must refuse before other admitters act for a namespace that does not exist
    priority = 10

    def __init__(self) -> None:
        self._states: tuple[int, dict[str, str]] = (-1, {})

    def admit(self, review: Review) -> None:
        resource = review.kind.resource
        if review.operation == "DELETE":
            if resource[:3] == NAMESPACES[:3] and review.name in PERMANENT:
                raise review.forbidden("this namespace may not be deleted")
            return
        if not resource.namespaced or not review.namespace or resource.group == _ASKED_ABOUT:
            return
        state = self._state(review.reader, review.namespace)
        if state == "absent":
            raise NotFound(f'namespaces "{review.namespace}" not found', kind="namespaces", name=review.namespace)
        if state == "terminating" and review.operation == "CREATE" and not review.subresource:
            raise _ending(review)

    def _state(self, reader: Reader, name: str) -> str:
        generation = reader.generation(NAMESPACES)
        known_at, known = self._states
        if known_at != generation:
            known = {}
            self._states = (generation, known)
        if name not in known:
            namespace = reader.get(NAMESPACES, name)
            if namespace is None:
                return "absent"  # not cached: the number of names that do not exist is unbounded
            known[name] = "terminating" if is_terminating(namespace) else "active"
        return known[name]


def _ending(review: Review) -> Forbidden:
    namespace = review.namespace
    return review.forbidden(
        f"unable to create new content in namespace {namespace} because it is being terminated",
        causes=(Cause("NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace"),),
    )
