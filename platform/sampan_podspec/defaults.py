"""Defaults of a PodSpec and its parts. Source: the API reference of core/v1, field by field.

Runs several times on each write of a pod, so common fields are handled with as few calls as possible. An empty value
("", 0 or null) counts as missing wherever Go's types cannot distinguish the two.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sampan_podspec.containers import walk
from sampan_podspec.requests import COMPUTE, container_quantities

Spec = dict[str, Any]

FILE_MODE = 0o644
TOKEN_SECONDS = 3600
GRACE_SECONDS = 30
#: Source: the grammar of distribution/reference, where a first part without dot or port belongs to the path.
_HOST = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*(?<!-))?"
_DOMAIN = rf"(?:localhost|(?=[^/]*[.:A-Z])(?:{_HOST}(?:\.{_HOST})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?)"
_PATH = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_IMAGE = re.compile(
    rf"(?:{_DOMAIN}/)?{_PATH}(?:/{_PATH})*(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?", re.ASCII
)
_is_identifier = re.compile("[a-f0-9]{64}").fullmatch
_LONGEST_IMAGE = 1024
_HUGE = "hugepages-"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_FILES = ("secret", "configMap", "downwardAPI", "projected")


def default_pod_spec(spec: Spec) -> None:
    """Set the defaults of missing fields, in place."""
    get = spec.get
    if not get("restartPolicy"):
        spec["restartPolicy"] = "Always"
    if not get("dnsPolicy"):
        spec["dnsPolicy"] = "ClusterFirst"
    if not get("schedulerName"):
        spec["schedulerName"] = "default-scheduler"
    if get("terminationGracePeriodSeconds") is None:
        spec["terminationGracePeriodSeconds"] = GRACE_SECONDS
    if get("securityContext") is None:
        spec["securityContext"] = {}
    # serviceAccount is the deprecated alias of serviceAccountName; both are always set
    if name := get("serviceAccountName") or get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = name
    for volume in get("volumes") or ():
        default_volume(volume)
    host_network = bool(get("hostNetwork"))
    for _, container in walk(spec):
        default_container(container, host_network=host_network)


def default_pod(pod: dict[str, Any]) -> None:
    """The same for a whole Pod, plus the defaults that only a Pod gets, not a template."""
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    if spec.get("enableServiceLinks") is None:
        spec["enableServiceLinks"] = True
    for _, container in walk(spec):
        if resources := container["resources"]:
            _requests_from_limits(resources)
    if resources := spec.get("resources"):
        _default_pod_resources(resources, spec)


def _default_pod_resources(resources: Spec, spec: Spec) -> None:
    """Resources of a whole pod follow what its containers ask for, then its own limits. Source: KEP-2837."""
    limits, requests = dict(resources.get("limits") or {}), dict(resources.get("requests") or {})
    if limits or requests:
        for name, amount in container_quantities(spec, kind="limits").items():
            if name.startswith(_HUGE) and name not in requests:
                limits.setdefault(name, amount)
    if limits:
        for name, amount in container_quantities(spec).items():
            if name in COMPUTE:
                requests.setdefault(name, amount)
        for name, amount in limits.items():
            if name in COMPUTE or name.startswith(_HUGE):
                requests.setdefault(name, amount)
    for kind, amounts in (("limits", limits), ("requests", requests)):
        if amounts:
            resources[kind] = amounts


def _requests_from_limits(resources: Spec) -> None:
    if limits := resources.get("limits"):
        requests = resources.setdefault("requests", {})
        for name, amount in limits.items():
            requests.setdefault(name, amount)


def default_container(container: Spec, *, host_network: bool = False) -> None:
    get = container.get
    if not get("imagePullPolicy"):
        container["imagePullPolicy"] = pull_policy(get("image") or "")
    if not get("terminationMessagePath"):
        container["terminationMessagePath"] = "/dev/termination-log"
    if not get("terminationMessagePolicy"):
        container["terminationMessagePolicy"] = "File"
    if get("resources") is None:
        container["resources"] = {}
    for port in get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if host_network and port.get("containerPort") and not port.get("hostPort"):
            port["hostPort"] = port["containerPort"]
    for name in _PROBES:
        if (probe := get(name)) is not None:
            default_probe(probe)
    if lifecycle := get("lifecycle"):
        for hook in lifecycle.values():
            if isinstance(hook, dict):  # stopSignal is text
                _default_http(hook)
    for variable in get("env") or ():
        if source := variable.get("valueFrom"):
            _default_field_ref(source)
            if source.get("fileKeyRef") is not None and source["fileKeyRef"].get("optional") is None:
                source["fileKeyRef"]["optional"] = False


def default_probe(probe: Spec) -> None:
    get = probe.get
    if not get("timeoutSeconds"):
        probe["timeoutSeconds"] = 1
    if not get("periodSeconds"):
        probe["periodSeconds"] = 10
    if not get("successThreshold"):
        probe["successThreshold"] = 1
    if not get("failureThreshold"):
        probe["failureThreshold"] = 3
    _default_http(probe)
    grpc = get("grpc")
    if grpc is not None and grpc.get("service") is None:
        grpc["service"] = ""


def default_volume(volume: Spec) -> None:
    for key, value in volume.items():
        if value is not None and key != "name":
            break
    else:
        volume["emptyDir"] = {}
        return
    for name in _FILES:
        source = volume.get(name)
        if source is None:
            continue
        if source.get("defaultMode") is None:
            source["defaultMode"] = FILE_MODE
        for item in source.get("items") or ():
            _default_field_ref(item)
        for part in source.get("sources") or ():
            _default_projection(part)
    _default_devices(volume)


def _default_projection(part: Spec) -> None:
    token = part.get("serviceAccountToken")
    if token is not None and token.get("expirationSeconds") is None:
        token["expirationSeconds"] = TOKEN_SECONDS
    for item in (part.get("downwardAPI") or {}).get("items") or ():
        _default_field_ref(item)


def _default_devices(volume: Spec) -> None:
    """Volumes other than those made from API objects; most pods have none."""
    if (path := volume.get("hostPath")) is not None and path.get("type") is None:
        path["type"] = ""
    if (image := volume.get("image")) is not None and not image.get("pullPolicy"):
        image["pullPolicy"] = pull_policy(image.get("reference") or "")
    if (iscsi := volume.get("iscsi")) is not None and not iscsi.get("iscsiInterface"):
        iscsi["iscsiInterface"] = "default"
    template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if template and template.get("spec") is not None and not template["spec"].get("volumeMode"):
        template["spec"]["volumeMode"] = "Filesystem"


def _default_http(handler: Spec) -> None:
    http = handler.get("httpGet")
    if http is not None:
        if not http.get("path"):
            http["path"] = "/"
        if not http.get("scheme"):
            http["scheme"] = "HTTP"


def _default_field_ref(holder: Spec) -> None:
    ref = holder.get("fieldRef")
    if ref is not None and not ref.get("apiVersion"):
        ref["apiVersion"] = "v1"
    resource = holder.get("resourceFieldRef")
    if resource is not None and resource.get("divisor") is None:
        resource["divisor"] = "0"


@lru_cache(4096)
def pull_policy(image: str) -> str:
    """Always for what may change under its name, IfNotPresent for the rest, and for what is no image's name."""
    found = _IMAGE.fullmatch(image) if len(image) <= _LONGEST_IMAGE else None
    if found is None or _is_identifier(image):
        return "IfNotPresent"
    tag, digest = found["tag"] or "", found["digest"]
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"
