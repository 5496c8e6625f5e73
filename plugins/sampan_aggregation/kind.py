"""The kind APIService: defaults, columns, rules. Source: apiregistration.k8s.io/v1 API reference and its validation."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterator

from sampan.contracts.kinds import Column, Draft, Kind, Object, Problem
from sampan_aggregation import conditions
from sampan_aggregation.resources import GROUP
from sampan_machinery import names, problems
from sampan_machinery.columns import AGE, NAME
from sampan_machinery.endpoints import HTTPS
from sampan_machinery.validation import by_rule, validate_port, validate_required

MOST_GROUP, MOST_VERSION = 20_000, 1_000


def prepare(draft: Draft) -> None:
    """What this server serves itself is available from the first moment."""
    if draft.old is None and not (draft.object.get("spec") or {}).get("service"):
        conditions.with_verdict(draft.object, conditions.LOCAL, time.time())


def default(obj: Object) -> None:
    service = (obj.get("spec") or {}).get("service")
    if service is not None:
        service.setdefault("port", HTTPS)


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec = new.get("spec") or {}
    group, version = spec.get("group") or "", spec.get("version") or ""
    wanted = f"{version}.{group}"
    for field in ("generateName", "name"):  # upstream's order; whatever a name is generated from has to be the name
        value = new["metadata"].get(field) or ""
        if (value or field == "name") and value != wanted and not names.path_segment(value):
            yield problems.invalid(f"metadata.{field}", value, f'must be `spec.version+"."+spec.group`: "{wanted}"')
    if group:
        yield from by_rule("spec.group", group, names.dns_subdomain)
    elif version != "v1":
        yield problems.required("spec.group", "only v1 may have an empty group and it better be legacy kube")
    yield from by_rule("spec.version", version, names.dns_label_1035)
    yield from _priority("spec.groupPriorityMinimum", spec.get("groupPriorityMinimum") or 0, MOST_GROUP)
    yield from _priority("spec.versionPriority", spec.get("versionPriority") or 0, MOST_VERSION)
    yield from _server(spec)


def _priority(path: str, value: int, most: int) -> Iterator[Problem]:
    if not 0 < value <= most:
        yield problems.invalid(path, value, f"must be positive and less than {most}")


def _server(spec: Object) -> Iterator[Problem]:
    service, bundle, insecure = spec.get("service"), spec.get("caBundle"), spec.get("insecureSkipTLSVerify")
    if service is None:
        if bundle:
            yield problems.invalid("spec.caBundle", f"{len(bundle)} bytes", "local APIServices may not have a caBundle")
        if insecure:
            detail = "local APIServices may not have insecureSkipTLSVerify"
            yield problems.invalid("spec.insecureSkipTLSVerify", insecure, detail)
        return
    yield from validate_required("spec.service.namespace", service.get("namespace"))
    yield from validate_required("spec.service.name", service.get("name"))
    for problem in validate_port("spec.service.port", service.get("port") or 0):
        value, _, why = problem.message.rpartition(": ")
        yield problem._replace(message=f"{value}: port is not valid: {why}")
    if insecure and bundle:
        yield problems.invalid("spec.insecureSkipTLSVerify", insecure, "may not be true if caBundle is present")
    if bundle:
        try:
            base64.b64decode(bundle, validate=True)
        except (binascii.Error, ValueError):
            yield problems.invalid("spec.caBundle", "…", "must be base64")


def service_text(obj: Object) -> str:
    service = (obj.get("spec") or {}).get("service")
    return f"{service.get('namespace')}/{service.get('name')}" if service else "Local"


def available_text(obj: Object) -> str:
    """True, or the status and why, as upstream prints it."""
    condition = conditions.found(obj)
    if condition is None:
        return "Unknown"
    if condition.get("status") == "True" or not condition.get("reason"):
        return str(condition.get("status") or "Unknown")
    return f"{condition['status']} ({condition['reason']})"


API_SERVICE = Kind(
    group=GROUP, version="v1", kind="APIService", plural="apiservices", categories=("api-extensions",),
    namespaced=False, status=True, unconditional_update=False,
    any_finalizer=True, prepare=prepare, default=default, validate=validate, name_rule="path",
    columns=(
        NAME,
        Column("Service", service_text, description="The service that serves the group version"),
        Column("Available", available_text, description="Whether this server is available"),
        AGE,
    ),
)  # fmt: skip
