"""The kinds in a whole API server, as clients see them."""

from __future__ import annotations

import msgspec
import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import Invalid
from sampan_testing.shipping import api_server

INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
CLASSES = Resource("networking.k8s.io", "v1", "ingressclasses", "IngressClass", False)
POLICIES = Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
API = "networking.k8s.io/v1"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
DEFAULT = {"ingressclass.kubernetes.io/is-default-class": "true"}


def ingress(name="web", **spec):
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return {
        "kind": "Ingress",
        "apiVersion": API,
        "metadata": {"name": name},
        "spec": {"defaultBackend": backend, **spec},
    }


def a_class(name="usual", annotations=None, controller="example.com/x"):
    metadata = {"name": name, "annotations": annotations or {}}
    return {"kind": "IngressClass", "apiVersion": API, "metadata": metadata, "spec": {"controller": controller}}


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with api_server(tmp_path_factory.mktemp("api")) as client:
        yield client


@pytest.fixture
def namespace(api, request):
    name = f"n{abs(hash(request.node.name)) % 10**8}"
    spaces = Resource("", "v1", "namespaces", "Namespace", False)
    api.create(spaces, {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})
    return name


def test_an_ingress_lives_as_upstreams_conformance_test_has_it(api, namespace):
    made = api.create(INGRESSES, ingress(), namespace)
    assert (made["metadata"]["generation"], made["status"]) == (1, {"loadBalancer": {}})

    patch = {"metadata": {"annotations": {"patched": "true"}}}
    assert api.patch(INGRESSES, "web", patch, namespace)["metadata"]["generation"] == 1
    rules = {"spec": {"rules": [{"host": "a.org"}]}}
    assert api.patch(INGRESSES, "web", rules, namespace)["metadata"]["generation"] == 2

    status = {"status": {"loadBalancer": {"ingress": [{"ip": "169.1.1.1"}]}}, **patch}
    told = api.patch(INGRESSES, "web", status, namespace, subresource="status")
    assert told["status"]["loadBalancer"]["ingress"][0]["ip"] == "169.1.1.1"
    assert told["metadata"]["generation"] == 2
    kept = api.update(INGRESSES, {**told, "status": {"loadBalancer": {}}})
    assert kept["status"] == told["status"]
    assert api.get(INGRESSES, "web", namespace, subresource="status")["status"] == told["status"]

    path = f"/apis/{API}/namespaces/{namespace}/ingresses"
    table = msgspec.json.decode(api.request("GET", path, headers=TABLE).body)
    assert [column["name"] for column in table["columnDefinitions"]] == [
        "Name", "Class", "Hosts", "Address", "Ports", "Age",
    ]  # fmt: skip
    assert table["rows"][0]["cells"][:5] == ["web", "<none>", "a.org", "169.1.1.1", "80"]

    api.delete_collection(INGRESSES, namespace)
    assert api.list(INGRESSES, namespace).items == []


def test_the_default_class_is_given(api, namespace):
    api.create(CLASSES, a_class("usual", DEFAULT))
    try:
        assert api.create(INGRESSES, ingress(), namespace)["spec"]["ingressClassName"] == "usual"
        assert api.create(INGRESSES, ingress("own", ingressClassName="x"), namespace)["spec"]["ingressClassName"] == "x"
    finally:
        api.delete(CLASSES, "usual")


def test_a_wrong_ingress_is_refused_with_its_fields(api, namespace):
    rules = [{"host": "A", "http": {"paths": [{"path": "a", "pathType": "Exact", "backend": {}}]}}]

    with pytest.raises(Invalid) as refused:
        api.create(INGRESSES, ingress(rules=rules), namespace)

    assert [cause.field for cause in refused.value.causes] == [
        "spec.rules[0].host", "spec.rules[0].http.paths[0].path", "spec.rules[0].http.paths[0].backend",
    ]  # fmt: skip


def test_the_controller_of_a_class_stays(api):
    made = api.create(CLASSES, a_class("fixed"))

    with pytest.raises(Invalid, match="field is immutable"):
        api.update(CLASSES, {**made, "spec": {"controller": "example.com/y"}})


def test_a_policy_is_kept(api, namespace):
    spec = {"podSelector": {"matchLabels": {"app": "db"}}, "egress": [{}]}
    policy = {"kind": "NetworkPolicy", "apiVersion": API, "metadata": {"name": "p"}, "spec": spec}

    made = api.create(POLICIES, policy, namespace)

    assert made["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert made["metadata"]["generation"] == 1
