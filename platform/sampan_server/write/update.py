"""PUT of an object, or of its status."""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer
from sampan.errors import BadRequest, NotFound
from sampan_machinery import problems
from sampan_server.registry import Served
from sampan_server.request.request import Request
from sampan_server.request.statuses import conflict, not_found
from sampan_server.write import drive
from sampan_server.write.intent import Intent
from sampan_server.write.writes import Write
from sampan_server.write.writing import Writing, accepted, answer

Merge = Callable[[Object, Object], Object]


class Update:
    def __init__(self, writing: Writing) -> None:
        self._writing = writing

    def __call__(self, request: Request, served: Served, merge: Merge | None = None) -> Answer:
        """``merge`` (current, submitted) → new, for subresources that write their parent."""
        form = accepted(request, served)
        obj = self._writing.decode(request, served)
        intent = self._writing.intent(request, served, request.subresource)
        revision = known_revision(obj)
        work = self._update(intent, obj, revision, merge)
        return self._writing.run(request, drive.followed(work, lambda done: answer(request, served, form, done)))

    def _update(self, intent: Intent, obj: Object, revision: int, merge: Merge | None) -> Write:
        writer, served = self._writing.writer, intent.served

        def change(current: Object) -> Object:
            require_revision(obj, intent)
            uid = obj["metadata"].get("uid")
            if uid and uid != current["metadata"].get("uid"):
                present = current["metadata"].get("uid")
                why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {present}"
                raise conflict(served.resource, intent.name, why)
            submitted = {**obj, "metadata": dict(obj["metadata"])}
            return merge(current, submitted) if merge else submitted

        try:
            return (yield from writer.update(intent, change, revision=revision))
        except NotFound:
            if not served.kind.create_on_update or intent.subresource:
                raise not_found(served.resource, intent.name) from None
        sent_revision(obj)
        intent.sent_revision = obj["metadata"].get("resourceVersion") or ""
        return (yield from writer.create(intent, obj))


def require_revision(obj: Object, intent: Intent) -> None:
    """Raises Invalid where the kind wants to be told which version is meant, and the object does not say."""
    kind = intent.served.kind
    if not sent_revision(obj) and not kind.unconditional_update:
        found = [problems.invalid("metadata.resourceVersion", 0, "must be specified for an update")]
        raise problems.as_error(found, group=kind.group, kind=kind.plural, name=intent.name)


def known_revision(obj: Object) -> int:
    """The same, and 0 for one that ``sent_revision`` refuses: whether the object is there at all counts first."""
    try:
        return sent_revision(obj)
    except BadRequest:
        return 0


def sent_revision(obj: Object) -> int:
    """metadata.resourceVersion of a body, 0 when absent; raises BadRequest."""
    text = obj["metadata"].get("resourceVersion") or "0"
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 20):
        raise BadRequest(
            f"metadata.resourceVersion: Invalid value: {text!r}: must be a resource version of this server"
        )
    return int(text)
