"""The kinds Pod and PodTemplate, wired together from this plugin's files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sampan.contracts.kinds import Column, Kind, Object, Problem
from sampan.contracts.serving import Subresource
from sampan_machinery import problems
from sampan_machinery.columns import NAME
from sampan_machinery.contentcache import ContentCache
from sampan_pods import binding, lifecycle, merging, resizing
from sampan_pods.bindings import BINDING
from sampan_pods.columns import COLUMNS
from sampan_pods.eviction import evict
from sampan_pods.proxy import METHODS, proxy
from sampan_pods.streams import Streams
from sampan_podspec import advice
from sampan_podspec.defaults import default_pod, default_pod_spec
from sampan_podspec.validation import pod_spec, pod_template, pod_update
from sampan_podspec.validation.annotations import pod_annotations

#: Specs that were found valid. Rules that need no other object depend on nothing but the spec.
_valid: ContentCache[list[Problem]] = ContentCache()


def validate(new: Object, old: Object | None) -> Iterable[Problem]:
    if old is None:
        spec = new.get("spec") or {}
        annotations = (new.get("metadata") or {}).get("annotations") or {}
        of_spec = _valid.of(spec, lambda: list(pod_spec(spec)), keep=lambda found: not found)
        found = [*pod_annotations(annotations, spec, "metadata.annotations"), *of_spec]
        if spec.get("ephemeralContainers"):
            found.append(problems.forbidden("spec.ephemeralContainers", "cannot be set on create"))
        if spec.get("nodeName") and spec.get("schedulingGates"):
            why = "cannot be set until all schedulingGates have been cleared"
            found.append(problems.forbidden("spec.nodeName", why))
        return found
    if new["spec"] == old["spec"]:
        return ()
    return [*pod_spec(new["spec"]), *pod_update(lifecycle.as_before(new, old), old)]


def _text(*path: str) -> Any:
    def read(pod: Object) -> str:
        value: Any = pod
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    return read


FIELDS = {
    "spec.nodeName": _text("spec", "nodeName"),
    "spec.restartPolicy": _text("spec", "restartPolicy"),
    "spec.schedulerName": _text("spec", "schedulerName"),
    "spec.serviceAccountName": _text("spec", "serviceAccountName"),
    "spec.hostNetwork": lambda pod: str(bool(pod["spec"].get("hostNetwork"))).lower(),
    "status.phase": _text("status", "phase"),
    "status.podIP": _text("status", "podIP"),
    "status.nominatedNodeName": _text("status", "nominatedNodeName"),
}


def kinds(pki: str) -> list[Kind]:
    """``pki`` is the directory of the API server's client certificate for node agents."""
    streams = Streams(pki)
    subresources = (
        Subresource(name="binding", kind="Binding", verbs=("create",), serve=binding.bind, counts=False, tracks=False),
        Subresource(
            name="eviction", kind="Eviction", group="policy", version="v1", serve=evict, blocking=True,
            admits=True,
        ),
        Subresource(name="log", kind="Pod", verbs=("get",), serve=streams.log, blocking=True),
        _stream("exec", streams.exec, "PodExecOptions", {**_ATTACH, "command": "strings"}),
        _stream("attach", streams.attach, "PodAttachOptions", _ATTACH),
        _stream("portforward", streams.portforward, "PodPortForwardOptions", {"ports": "integers"}),
        Subresource(
            name="proxy", kind="PodProxyOptions", methods=METHODS, verbs=(), serve=proxy, blocking=True, connects=True,
            options={"path": "string"},
        ),
        Subresource(
            name="ephemeralcontainers", kind="Pod", verbs=("get", "update", "patch"), serve=merging.refuse,
            merge=merging.merge_ephemeral,
        ),
        Subresource(
            name="resize", kind="Pod", verbs=("get", "update", "patch"), serve=merging.refuse,
            merge=resizing.merge_resize,
        ),
    )  # fmt: skip
    pod = Kind(
        group="", version="v1", kind="Pod", plural="pods", shown_deleted=True,
        short_names=("po",), categories=("all",), status=True,
        generation=True, columns=COLUMNS, fields=FIELDS, default=default_pod,
        status_defaults=False, prepare=lifecycle.prepare, validate=validate, warn=advice.of_pod,
        grace=lifecycle.grace, subresources=subresources, templated=True,
    )  # fmt: skip
    return [pod, _template(), BINDING]


_ATTACH = {"stdin": "boolean", "stdout": "boolean", "stderr": "boolean", "tty": "boolean", "container": "string"}


def _stream(name: str, serve: Any, kind: str, options: Mapping[str, str]) -> Subresource:
    return Subresource(
        name=name,
        kind=kind,
        verbs=(),
        methods=("GET", "POST"),
        serve=serve,
        blocking=True,
        verb="create",
        connects=True,
        options=options,
    )


def _template() -> Kind:
    def default(obj: Object) -> None:
        default_pod_spec(obj.setdefault("template", {}).setdefault("spec", {}))

    def cells(key: str) -> Any:
        return lambda obj: ",".join(c.get(key) or "" for c in obj["template"]["spec"].get("containers") or ())

    def labels(obj: Object) -> str:
        found = (obj["template"].get("metadata") or {}).get("labels") or {}
        return ",".join(f"{key}={value}" for key, value in sorted(found.items())) or "<none>"

    return Kind(
        group="", version="v1", kind="PodTemplate", plural="podtemplates", shown_deleted=True,
        default=default, generation=True, warn=advice.of_template("template", named=False),
        validate=lambda new, old: pod_template(
            new.get("template") or {}, "template", restart_policies=("Always", "OnFailure", "Never")
        ),
        columns=(
            NAME,
            Column("Containers", cells("name")),
            Column("Images", cells("image")),
            Column("Pod Labels", labels),
        ),
    )  # fmt: skip
