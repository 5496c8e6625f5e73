"""The kinds Ingress, IngressClass and NetworkPolicy, and their defaults. Source: API reference networking.k8s.io/v1."""

from __future__ import annotations

from sampan.contracts.kinds import Draft, Kind, Object
from sampan_networking import columns, policies, validation
from sampan_networking.resources import GROUP


def prepare_ingress(draft: Draft) -> None:
    """An Ingress always has a status."""
    draft.object.setdefault("status", {}).setdefault("loadBalancer", {})


def default_class(ingress_class: Object) -> None:
    parameters = (ingress_class.get("spec") or {}).get("parameters")
    if parameters is not None:
        parameters.setdefault("scope", "Cluster")


def default_policy(policy: Object) -> None:
    """Policy types follow from the rules that are there; ports are TCP."""
    spec = policy.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


INGRESS = Kind(
    group=GROUP, version="v1", kind="Ingress", plural="ingresses", short_names=("ing",), columns=columns.INGRESS,
    status=True, generation=True, prepare=prepare_ingress, validate=validation.validate_ingress,
)  # fmt: skip
INGRESS_CLASS = Kind(
    group=GROUP, version="v1", kind="IngressClass", plural="ingressclasses", namespaced=False,
    columns=columns.INGRESS_CLASS, generation=True, default=default_class, validate=validation.validate_class,
)  # fmt: skip
NETWORK_POLICY = Kind(
    group=GROUP, version="v1", kind="NetworkPolicy", plural="networkpolicies", singular="networkpolicy",
    short_names=("netpol",), columns=columns.NETWORK_POLICY, generation=True, default=default_policy,
    validate=policies.validate_policy,
)  # fmt: skip
ALL = [INGRESS, INGRESS_CLASS, NETWORK_POLICY]
