"""Works that controllers make without a binding: one manifest each, known by a label. Pure, but for ``write``."""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound
from sampan_client import Client
from sampan_federation.caches import Cache
from sampan_federation.interpreter.retention import with_record
from sampan_federation.resources import WORKS
from sampan_federation.works import names
from sampan_federation.works.rendering import WORK_API, binding_of, is_rendered, updated
from sampan_machinery.metadata import copy, is_deleting, key_of, labels_of

#: What labels and annotations of a Work's manifest begin with that ``work_of`` adds.
MARKS = ("karmada.io/managed", "work.karmada.io/", "resourcetemplate.karmada.io/")


def work_of(manifest: Object, cluster: str, label: str, value: str) -> Object:
    """The Work that puts the manifest on the member."""
    metadata = manifest["metadata"]
    work_namespace = names.execution_namespace(cluster)
    work_name = names.work_name(manifest["kind"], metadata["name"], metadata.get("namespace", ""))
    carried = copy(manifest)
    marked = carried["metadata"]
    marked["labels"] = {**(marked.get("labels") or {}), names.MANAGED: "true"}
    marked["annotations"] = {
        **(marked.get("annotations") or {}),
        names.WORK_NAMESPACE: work_namespace,
        names.WORK_NAME: work_name,
        names.CONFLICT: "abort",
    }
    return {
        "apiVersion": WORK_API,
        "kind": "Work",
        "metadata": {
            "name": work_name,
            "namespace": work_namespace,
            "labels": {label: value, names.WORK_ID: names.work_id(work_namespace, work_name)},
            "annotations": {names.CONFLICT: "abort"},
            "finalizers": [names.WORK_FINALIZER],
        },
        "spec": {"workload": {"manifests": [with_record(carried)]}},
    }


def plain(manifest: Object) -> Object:
    """A manifest as it was before ``work_of``."""
    kept: Object = copy(manifest)
    for field in ("labels", "annotations"):
        entries = kept["metadata"].get(field) or {}
        kept["metadata"][field] = {key: value for key, value in entries.items() if not key.startswith(MARKS)}
    return kept


def label_value(namespace: str, name: str) -> str:
    """NAMESPACE.NAME in at most 63 characters, as a label must have: longer ones end in a hash."""
    whole = f"{namespace}.{name}"
    return whole if len(whole) <= 63 else names.work_name("of", whole[:50], whole)


def labelled(works: Cache, label: str, value: str) -> list[Object]:
    return [work for work in works.list() if labels_of(work).get(label) == value]


def write(host: Client, works: Cache, present: Iterable[Object], wanted: Iterable[Object]) -> None:
    """Create and update what is wanted, and delete what is present beside it. A Work of a binding is left alone."""
    by_key = {key_of(work): work for work in wanted}
    for work in present:
        if key_of(work) not in by_key and not is_deleting(work):
            _delete(host, work)
    for (namespace, name), work in by_key.items():
        known = works.get(name, namespace)
        if known is None:
            try:
                host.create(WORKS, work, namespace)
            except AlreadyExists:
                continue  # the cache will show it
        elif binding_of(known) is None and not is_deleting(known) and not is_rendered(work, known):
            host.update(WORKS, updated(work, known))


def _delete(host: Client, work: Object) -> None:
    metadata = work["metadata"]
    try:
        host.delete(WORKS, metadata["name"], metadata["namespace"], uid=metadata["uid"])
    except NotFound:
        return
