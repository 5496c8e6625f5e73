"""Defaults of a PodSpec and its parts. Source: the API reference of core/v1, field by field."""

from __future__ import annotations

from typing import Any

from sampan.objects.pods.containers import walk

Spec = dict[str, Any]

FILE_MODE = 0o644
TOKEN_SECONDS = 3600


def default_pod_spec(spec: Spec) -> None:
    """Fill in what a user may leave out, in place."""
    _set(spec, "restartPolicy", "Always")
    _set(spec, "dnsPolicy", "ClusterFirst")
    _set(spec, "schedulerName", "default-scheduler")
    _set(spec, "terminationGracePeriodSeconds", 30)
    _set(spec, "securityContext", {})
    _mirror_service_account(spec)
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    host_network = bool(spec.get("hostNetwork"))
    for _, container in walk(spec):
        default_container(container, host_network=host_network)


def default_pod(pod: dict[str, Any]) -> None:
    """The same for a whole Pod, with what only a Pod (not a template) gets."""
    spec = pod.setdefault("spec", {})
    default_pod_spec(spec)
    _set(spec, "enableServiceLinks", True)
    for _, container in walk(spec):
        resources = container["resources"]
        limits = resources.get("limits")
        if limits:
            requests = resources.setdefault("requests", {})
            for name, amount in limits.items():
                requests.setdefault(name, amount)


def default_container(container: Spec, *, host_network: bool = False) -> None:
    _set(container, "imagePullPolicy", _pull_policy(container.get("image") or ""))
    _set(container, "terminationMessagePath", "/dev/termination-log")
    _set(container, "terminationMessagePolicy", "File")
    _set(container, "resources", {})
    for port in container.get("ports") or ():
        _set(port, "protocol", "TCP")
        if host_network and "containerPort" in port:
            _set(port, "hostPort", port["containerPort"])
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(name):
            default_probe(container[name])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _default_http(hook)
    for variable in container.get("env") or ():
        _default_field_ref(variable.get("valueFrom"))


def default_probe(probe: Spec) -> None:
    _set(probe, "timeoutSeconds", 1)
    _set(probe, "periodSeconds", 10)
    _set(probe, "successThreshold", 1)
    _set(probe, "failureThreshold", 3)
    _default_http(probe)
    if probe.get("grpc") is not None:
        _set(probe["grpc"], "service", "")


def default_volume(volume: Spec) -> None:
    if not any(key != "name" for key in volume):
        volume["emptyDir"] = {}
    for name in ("secret", "configMap", "downwardAPI", "projected"):
        if volume.get(name) is not None:
            _set(volume[name], "defaultMode", FILE_MODE)
    if volume.get("hostPath") is not None:
        _set(volume["hostPath"], "type", "")
    items = (volume.get("downwardAPI") or {}).get("items") or ()
    for source in (volume.get("projected") or {}).get("sources") or ():
        if source.get("serviceAccountToken") is not None:
            _set(source["serviceAccountToken"], "expirationSeconds", TOKEN_SECONDS)
        items = (*items, *((source.get("downwardAPI") or {}).get("items") or ()))
    for item in items:
        _default_field_ref(item)


def _default_http(handler: Spec) -> None:
    http = handler.get("httpGet")
    if http is not None:
        _set(http, "path", "/")
        _set(http, "scheme", "HTTP")


def _default_field_ref(holder: Spec | None) -> None:
    if holder and holder.get("fieldRef") is not None:
        _set(holder["fieldRef"], "apiVersion", "v1")


def _mirror_service_account(spec: Spec) -> None:
    """``serviceAccount`` is the deprecated twin of ``serviceAccountName``; both are always shown."""
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name


def _pull_policy(image: str) -> str:
    last = image.rpartition("/")[2]
    if "@" in last:
        return "IfNotPresent"
    tag = last.partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _set(holder: Spec, key: str, value: Any) -> None:
    if holder.get(key) is None or (holder[key] == "" and value != ""):
        holder[key] = value
