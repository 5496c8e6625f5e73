"""What a value of a wrong type is told, in Go's names for types and for structs that are embedded on the way."""

from __future__ import annotations

import json

import pytest

from sampan.errors import BadRequest
from sampan_machinery.schema import load

IP_ADDRESS = ("networking.k8s.io", "v1", "IPAddress")
INGRESS = ("networking.k8s.io", "v1", "Ingress")
RULE = "spec.rules.IngressRuleValue.http"


@pytest.mark.parametrize(
    "kind, spec, told",
    [
        (IP_ADDRESS, 5, "number into Go struct field IPAddress.spec of type v1.IPAddressSpec"),
        (IP_ADDRESS, {"parentRef": []},
         "array into Go struct field IPAddressSpec.spec.parentRef of type v1.ParentReference"),
        (IP_ADDRESS, {"parentRef": {"name": 1}},
         "number into Go struct field ParentReference.spec.parentRef.name of type string"),
        (INGRESS, {"rules": [{"host": 1}]}, "number into Go struct field IngressRule.spec.rules.host of type string"),
        (INGRESS, {"rules": [{"http": []}]},
         f"array into Go struct field IngressRule.{RULE} of type v1.HTTPIngressRuleValue"),
        (INGRESS, {"rules": [{"http": {"paths": {}}}]},
         f"object into Go struct field HTTPIngressRuleValue.{RULE}.paths of type []v1.HTTPIngressPath"),
        (INGRESS, {"rules": [{"http": {"paths": [{"path": 1}]}}]},
         f"number into Go struct field HTTPIngressPath.{RULE}.paths.path of type string"),
    ],
)  # fmt: skip
def test_a_value_of_a_wrong_type_is_told_its_place_as_go_names_it(kind, spec, told):
    with pytest.raises(BadRequest) as refused:
        load().decode(*kind, json.dumps({"spec": spec}).encode())

    assert refused.value.message.endswith(f"cannot be handled as a {kind[2]}: json: cannot unmarshal {told}")
