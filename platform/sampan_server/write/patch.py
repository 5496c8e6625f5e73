"""PATCH: JSON patch, JSON merge patch, strategic merge patch, server-side apply."""

from __future__ import annotations

from io import BytesIO

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Answer
from sampan.errors import BadRequest, NotFound, UnsupportedMediaType
from sampan_machinery.apply import configuration
from sampan_machinery.patches import patching
from sampan_server.registry import Served
from sampan_server.request import bodies
from sampan_server.request.aside import Aside
from sampan_server.request.options import is_set
from sampan_server.request.request import Request
from sampan_server.request.statuses import conflict
from sampan_server.write import drive
from sampan_server.write.intent import Intent
from sampan_server.write.update import Merge, known_revision, require_revision, sent_revision
from sampan_server.write.writes import Write
from sampan_server.write.writing import Writing, accepted, answer, check_address, strictness, undeterminable

HOW = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}


class Patch:
    def __init__(self, writing: Writing) -> None:
        self._writing = writing

    def __call__(self, request: Request, served: Served, merge: Merge | None = None) -> Answer:
        how = HOW.get(bodies.media_of(request))
        known = served.schema.patch_types if merge is None else HOW
        if how is None or bodies.media_of(request) not in known:  # told before all else
            why = "the body of the request was in an unknown format - accepted media types include: "
            raise UnsupportedMediaType(why + ", ".join(known))
        form = accepted(request, served)
        intent = self._writing.intent(request, served, request.subresource)
        intent.patches = True
        data = bodies.read(request)
        if how == "apply":
            work = self._apply(request, intent, data, merge)
        else:
            work = self._patch(request, intent, data, how, merge)
        return self._writing.run(request, drive.followed(work, lambda done: answer(request, served, form, done)))

    def _patch(self, request: Request, intent: Intent, data: bytes, how: str, merge: Merge | None) -> Write:
        served = intent.served
        strict, patch, unreadable = strictness(request), None, None
        try:
            patch = patching.read(how, data)
        except BadRequest as error:
            unreadable = error  # whether the object is there at all counts first
        if how == "json" and not unreadable and not request.may_wait and patching.copies(patch):
            request.environ["wsgi.input"] = BytesIO(data)
            raise Aside(heavy=True)  # a short patch of copies can make a long object
        of_itself = [] if strict == "Ignore" or unreadable else patching.problems(how, data, patch)

        def change(current: Object) -> Object | None:
            if unreadable is not None:
                raise unreadable
            before = current["metadata"].get("resourceVersion")
            patched, warnings = patching.patch(how, served.schema, current, patch, strict, may_change=merge is None)
            for warning in patching.judged(of_itself + warnings, strict, how, patch, patched):
                if warning not in request.warnings:
                    request.warnings.append(warning)
            check_address(patched, request, served, named=True)
            require_revision(patched, intent)
            wanted = sent_revision(patched)
            if wanted and str(wanted) != before:
                raise conflict(served.resource, intent.name)
            return merge(current, patched) if merge else patched

        return self._writing.writer.update(intent, change)

    def _apply(self, request: Request, intent: Intent, data: bytes, merge: Merge | None) -> Write:
        served, writer = intent.served, self._writing.writer
        intent.operation = "Apply"
        force = is_set(request, "force")
        applied, warnings = configuration.read(served.kind, data, strictness(request))
        request.warnings += warnings
        sent = applied.get("metadata") or {}
        is_named, is_nameless = bool(sent.get("name")), "name" in sent and not sent["name"]
        check_address(applied, request, served)
        revision = known_revision(applied)

        def change(current: Object) -> Object:
            if is_nameless:
                raise undeterminable(intent.name)
            if "resourceVersion" in applied["metadata"]:
                require_revision(applied, intent)
            merged = writer.managed_fields.applied(intent, current, applied, force=force)
            return _with_managers_of(merged, merge(current, merged)) if merge else merged

        try:
            return (yield from writer.update(intent, change, revision=revision))
        except NotFound:
            if intent.subresource:
                raise
        sent_revision(applied)
        if uid := applied["metadata"].get("uid"):
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise conflict(served.resource, intent.name, why)
        if not is_named:
            raise undeterminable(intent.name)
        return (yield from writer.create(intent, writer.managed_fields.applied(intent, None, applied, force=force)))


def _with_managers_of(applied: Object, taken: Object) -> Object:
    """What a subresource has taken of an applied object, with the managers that the apply leaves."""
    metadata = {name: each for name, each in taken["metadata"].items() if name != "managedFields"}
    if (entries := applied["metadata"].get("managedFields")) is not None:
        metadata["managedFields"] = entries
    return {**taken, "metadata": metadata}
