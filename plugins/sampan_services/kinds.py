"""The kinds Service, Endpoints, EndpointSlice, IPAddress, ServiceCIDR and the allocation of a node port."""

from __future__ import annotations

from sampan.contracts.kinds import Column, Draft, Kind, Object
from sampan.contracts.serving import Subresource
from sampan_forwarding.forwarding import METHODS
from sampan_machinery.columns import AGE, NAME
from sampan_services import columns, defaults, validation
from sampan_services.proxy import proxy


def _prepare_cidr(draft: Draft) -> None:
    draft.object.setdefault("status", {})


def _parent(obj: Object) -> str:
    parent = (obj.get("spec") or {}).get("parentRef") or {}
    group = f"{parent['group']}/" if parent.get("group") else ""
    return f"{group}{parent.get('resource', '')}/{parent.get('namespace', '')}/{parent.get('name', '')}"


SERVICE = Kind(
    group="", version="v1", kind="Service", plural="services", short_names=("svc",), categories=("all",),
    status=True, shown_deleted=True, create_on_update=True,
    columns=columns.SERVICE, prepare=defaults.prepare_service, default=defaults.default_service,
    validate=validation.validate_service, name_rule="label",
    fields={
        "spec.clusterIP": lambda obj: obj["spec"].get("clusterIP") or "",
        "spec.type": lambda obj: obj["spec"].get("type") or "",
    },
    subresources=(
        Subresource(
            name="proxy", kind="ServiceProxyOptions", verbs=(), methods=METHODS, serve=proxy, blocking=True,
            connects=True, options={"path": "string"},
        ),
    ),
)  # fmt: skip
ENDPOINTS = Kind(
    group="", version="v1", kind="Endpoints", plural="endpoints", short_names=("ep",), columns=columns.ENDPOINTS,
    default=defaults.default_endpoints, validate=validation.validate_endpoints, create_on_update=True,
    deprecated="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
)  # fmt: skip
SLICE = Kind(
    group="discovery.k8s.io", version="v1", kind="EndpointSlice", plural="endpointslices", columns=columns.SLICE,
    default=defaults.default_slice, prepare=defaults.prepare_slice, validate=validation.validate_slice,
    generation=True,
)  # fmt: skip
IP_ADDRESS = Kind(
    group="networking.k8s.io", version="v1", kind="IPAddress", plural="ipaddresses", short_names=("ip",),
    namespaced=False, validate=validation.validate_address, name_rule="address",
    columns=(
        NAME,
        Column("ParentRef", _parent),
    ),
)  # fmt: skip
SERVICE_CIDR = Kind(
    group="networking.k8s.io", version="v1", kind="ServiceCIDR", plural="servicecidrs", namespaced=False,
    status=True, status_on_create=True, status_metadata=False, prepare=_prepare_cidr,
    validate=validation.validate_cidr_range,
    columns=(
        NAME,
        Column("CIDRs", lambda obj: ",".join((obj.get("spec") or {}).get("cidrs") or ())),
        AGE,
    ),
)  # fmt: skip
_TEXT = {"type": "string"}
_PARENT = {"type": "object", "properties": dict.fromkeys(("group", "resource", "namespace", "name"), _TEXT)}
NODE_PORT = Kind(
    group="allocation.sampan.dev", version="v1", kind="NodePort", plural="nodeports", namespaced=False,
    schema={
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"parentRef": _PARENT}}},
    },
    columns=(
        NAME,
        Column("ParentRef", _parent),
        AGE,
    ),
)  # fmt: skip
ALL = [SERVICE, ENDPOINTS, SLICE, IP_ADDRESS, SERVICE_CIDR, NODE_PORT]
