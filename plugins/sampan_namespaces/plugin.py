"""Where sampan_namespaces meets the platform."""

from __future__ import annotations

from collections.abc import Iterable

from sampan.contracts.admission import Admitter
from sampan.contracts.kinds import Kind, Object
from sampan.contracts.reconciling import ClientReconciler, Key, Observed, Watching
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import NAMESPACES, PODS


@hookimpl
def contribute_kinds() -> list[Kind]:
    from sampan_namespaces.kind import NAMESPACE

    return [NAMESPACE]


@hookimpl
def contribute_bootstrap_objects() -> list[Object]:
    from sampan_namespaces.resources import SEEDED

    return [{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}} for name in SEEDED]


@hookimpl
def contribute_admitters() -> list[Admitter]:
    from sampan_namespaces.lifecycle import NamespaceLifecycle

    return [NamespaceLifecycle()]


@hookimpl
def contribute_reconcilers() -> list[ClientReconciler]:
    from sampan_namespaces.deletion import empty

    watches = (Watching(PODS, keys=_ending_namespace),)
    return [ClientReconciler(name="namespace", primary=NAMESPACES, watches=watches, reconcile=empty, workers=4)]


def _ending_namespace(pod: Object, observed: Observed) -> Iterable[Key]:
    """A deleted pod wakes its namespace if that is terminating; other namespaces are not concerned."""
    from sampan_namespaces.resources import is_terminating

    name = pod["metadata"].get("namespace", "")
    namespace = observed.get(NAMESPACES, name)
    return [Key("", name)] if namespace is not None and is_terminating(namespace) else []
