"""What the server writes into metadata, and what a client may not change there.

Source: API conventions, "Metadata"; apimachinery registry/rest (BeforeCreate, BeforeUpdate).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Any

from sampan.contracts.kinds import Kind, Object
from sampan.errors import BadRequest
from sampan_machinery import problems

SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
LONGEST_BASE = 58  # generateName is cut so that five letters fit into 63

_last: tuple[int, str] = (0, "")
#: The source of uids; a simulation sets one that its seed decides.
random_bytes: Callable[[int], bytes] = os.urandom


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC with second precision."""
    global _last
    whole = int(seconds)
    if _last[0] != whole:
        _last = (whole, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(whole)))
    return _last[1]


def new_uid() -> str:
    """A random UUID (version 4) as text; three times as fast as uuid.uuid4."""
    raw = bytearray(random_bytes(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def generated_name(base: str) -> str:
    return base[:LONGEST_BASE] + "".join(random.choices(SUFFIX_LETTERS, k=5))


def metadata_of(obj: Object) -> dict[str, Any]:
    """The object's metadata, made when absent."""
    found = obj.get("metadata")
    if found is None:
        found = obj["metadata"] = {}
    if not isinstance(found, dict):
        raise BadRequest("metadata must be an object")
    return found


def stamp_new(obj: Object, kind: Kind, namespace: str, now: float) -> None:
    """Server-set fields of an object about to be created; whatever the client sent in them is dropped, but for the
    generation of a kind that has none: upstream keeps it."""
    meta = obj["metadata"]
    for key in ("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"):
        meta.pop(key, None)
    if kind.namespaced:
        meta["namespace"] = namespace
    else:
        meta.pop("namespace", None)
    meta["uid"] = new_uid()
    meta["creationTimestamp"] = timestamp(now)
    if kind.generation:
        meta["generation"] = 1


def keep_stamps(meta: dict[str, Any], stamped: dict[str, Any]) -> None:
    """Server-set fields of an object about to be created: as they were before code outside of the server changed it.
    Raises BadRequest for another name or namespace."""
    for key in ("name", "namespace"):
        if meta.get(key) != stamped.get(key):
            words = f"({meta.get(key) or ''}) does not match the {key} of the request ({stamped.get(key) or ''})"
            raise BadRequest(f"the {key} of the object after admission {words}")
    for key in ("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"):
        meta.pop(key, None)
    for key in ("uid", "creationTimestamp", "generation", "managedFields"):
        if key in stamped:
            meta[key] = stamped[key]
        else:
            meta.pop(key, None)


def keep_old(meta: dict[str, Any], old: dict[str, Any], kind: Kind, name: str) -> None:
    """Server-set fields of an object about to be updated: as they were. What else is sent in the fields of a deletion
    is validation's to refuse, as another uid is."""
    for key in ("name", "namespace", "creationTimestamp", "generation", "resourceVersion"):
        if key in old:
            meta[key] = old[key]
        else:
            meta.pop(key, None)
    if "deletionTimestamp" in old:
        meta["deletionTimestamp"] = old["deletionTimestamp"]
    if old.get("deletionGracePeriodSeconds") is not None and meta.get("deletionGracePeriodSeconds") is None:
        meta["deletionGracePeriodSeconds"] = old["deletionGracePeriodSeconds"]
    meta["uid"] = meta.get("uid") or old.get("uid")  # another one is validation's to refuse
    meta.pop("selfLink", None)
    if old.get("deletionTimestamp"):
        _no_new_finalizers(meta, old, kind, name)


def drop_repeated_owners(meta: dict[str, Any], warnings: list[str], *, after_admission: bool) -> None:
    """An owner that is given twice is kept once, with a warning in upstream's words."""
    owners = meta.get("ownerReferences") or ()
    kept: list[Any] = []
    repeated = []
    seen = set()
    for owner in owners:
        uid = owner.get("uid")
        if uid in seen and owner in kept:
            repeated.append(str(uid))
        else:
            seen.add(uid)
            kept.append(owner)
    if not repeated:
        return
    meta["ownerReferences"] = kept
    when = " after mutating admission happens" if after_admission else ""
    words = (
        f".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, "
        "and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: "
        + ", ".join(repeated)
    )
    if words not in warnings:
        warnings.append(words)


def bump_generation(new: Object, old: Object, kind: Kind) -> bool:
    """+1 when anything outside metadata changed, and outside status where that is a subresource; whether it did."""
    for key in new.keys() | old.keys():
        if key in ("metadata", "kind", "apiVersion") or (key == "status" and (kind.status or kind.schema is None)):
            continue
        if new.get(key) != old.get(key):
            new["metadata"]["generation"] = int(old["metadata"].get("generation") or 0) + 1
            return True
    return False


def unbump_generation(new: Object, old: Object, kind: Kind) -> None:
    """Take the new generation back where the two, now complete, do not differ: a list that was stored as null and one
    that is sent empty, or left out, are the same."""
    if bump_generation(new, old, kind):
        return
    del new["metadata"]["generation"]
    if "generation" in old["metadata"]:
        new["metadata"]["generation"] = old["metadata"]["generation"]


def _no_new_finalizers(meta: dict[str, Any], old: dict[str, Any], kind: Kind, name: str) -> None:
    added = set(meta.get("finalizers") or ()) - set(old.get("finalizers") or ())
    if added:
        detail = "no new finalizers can be added if the object is being deleted, found new finalizers " + repr(
            sorted(added)
        )
        found = [problems.forbidden("metadata.finalizers", detail)]
        raise problems.as_error(found, group=kind.group, kind=kind.kind, name=name)
