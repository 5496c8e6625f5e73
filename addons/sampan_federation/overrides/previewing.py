"""What a change of override policies would do to the Works of a binding, before it is applied. Pure functions."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.interpreter.rules import RuleFailed
from sampan_federation.overrides.refusals import OverrideFailed
from sampan_federation.works import rendering
from sampan_federation.works.names import execution_namespace
from sampan_federation.works.rendering import Policies
from sampan_machinery.metadata import copy, key_of


class Preview(NamedTuple):
    """One cluster: the manifest as its Work has it, and as it would be; None: there is none. ``error``: why it cannot
    be rendered."""

    cluster: str
    before: Object | None
    after: Object | None
    error: str = ""


def with_policies(present: Policies, files: Iterable[Object]) -> Policies:
    """The policies as they would be if these were applied. Other objects among them are left out."""
    changed = list(files)

    def merged(kind: str, known: Iterable[Object]) -> tuple[Object, ...]:
        found = {key_of(each): each for each in known}
        found.update({key_of(each): each for each in changed if each.get("kind") == kind})
        return tuple(found.values())

    return Policies(
        merged("ClusterOverridePolicy", present.cluster_scoped), merged("OverridePolicy", present.namespaced)
    )


def preview(
    template: Object, binding: Object, clusters: Mapping[str, Object], policies: Policies, works: Iterable[Object],
    interpreter: Interpreter,
) -> Iterator[Preview]:  # fmt: skip
    """In the order of the binding's clusters, then those that lose the object. ``works``: those of the binding."""
    found = {work["metadata"]["namespace"]: work for work in works}
    present = {namespace: _manifest(work) for namespace, work in found.items()}
    for target in rendering.targets_of(binding):
        before = present.pop(execution_namespace(target.cluster), None)
        if target.cluster not in clusters:
            yield Preview(target.cluster, before, None, "there is no such cluster")
            continue
        try:
            state = rendering.state_of(binding, target.cluster, found.get(execution_namespace(target.cluster)))
            work = rendering.render(template, binding, target, clusters[target.cluster], policies, interpreter, state)
        except (OverrideFailed, RuleFailed) as error:
            yield Preview(target.cluster, before, None, str(error))
            continue
        yield Preview(target.cluster, before, _manifest(work))
    for cluster in sorted(rendering.kept_clusters(binding)):
        present.pop(execution_namespace(cluster), None)
    for namespace, before in sorted(present.items()):
        yield Preview(namespace.removeprefix("karmada-es-"), before, None)


def difference(before: Object | None, after: Object | None, cluster: str) -> str:
    """A unified diff of two manifests as YAML, "" where they are the same. Without the marks of the federation."""
    names = f"{cluster} (now)", f"{cluster} (then)"
    return "".join(difflib.unified_diff(_lines(before), _lines(after), *names))


def _manifest(work: Object) -> Object | None:
    manifests = ((work.get("spec") or {}).get("workload") or {}).get("manifests") or [None]
    found: Object | None = manifests[0]
    return found


def _lines(manifest: Object | None) -> list[str]:
    return yaml_of(manifest).splitlines(keepends=True) if manifest is not None else []


def yaml_of(manifest: Object) -> str:
    """As a user wrote it: without the federation's labels and annotations."""
    import yaml

    first = ("apiVersion", "kind", "metadata")
    shown = copy({name: manifest[name] for name in (*first, *(each for each in manifest if each not in first))})
    for field in ("labels", "annotations"):
        kept = {key: value for key, value in (shown["metadata"].get(field) or {}).items() if "karmada.io/" not in key}
        shown["metadata"].pop(field, None)
        if kept:
            shown["metadata"][field] = kept
    return str(yaml.safe_dump(shown, sort_keys=False, default_flow_style=False, allow_unicode=True))
