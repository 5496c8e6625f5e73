"""Which DaemonSets a changed node or revision concerns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Key, Observed
from sampan_daemonsets.nodes import fit, target_of
from sampan_machinery.metadata import get_path, key_of
from sampan_machinery.resources import CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS
from sampan_podspec.adoption import concerned

_of_revision = concerned(DAEMON_SETS)


def concerned_by_node(node: Object, observed: Observed) -> Iterator[Key]:
    """Those that have something to do there: most changes of a node are heartbeats."""
    name = node["metadata"]["name"]
    gone = observed.get(NODES, name) is None
    for owner in observed.list(DAEMON_SETS):
        there = any(target_of(pod) == name for pod in observed.owned(PODS, owner["metadata"]["uid"]))
        misplaced = there and get_path(owner, "status", "numberMisscheduled", default=0)
        if gone or misplaced or fit(owner, node).runs != there:
            yield Key(*key_of(owner))


def concerned_by_revision(revision: Object, observed: Observed) -> Iterable[Key]:
    """The owner of a revision that was changed or deleted, not of one that was created: two of the same template become
    one at the next decision, and a client that creates the second sees both until then. Source: upstream's addHistory.
    """
    namespace, name = key_of(revision)
    now = observed.get(CONTROLLER_REVISIONS, name, namespace)
    made = now is not None and now["metadata"]["resourceVersion"] == revision["metadata"]["resourceVersion"]
    if made and revision["metadata"].get("ownerReferences"):
        return ()
    return _of_revision(revision, observed)
