"""Discovery, OpenAPI, health, metrics, and who may see them."""

from __future__ import annotations

from typing import Any

from sampan.contracts.access import User

V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def test_old_discovery_lists_subresources(api: Any) -> None:
    found = {entry["name"]: entry for entry in api.get("/apis/apps/v1").json["resources"]}
    assert set(found) == {"deployments", "deployments/scale", "deployments/status"}
    assert found["deployments/scale"]["group"] == "autoscaling" and found["deployments"]["shortNames"] == ["deploy"]
    assert api.get("/api/").json["versions"] == ["v1"]
    assert [group["name"] for group in api.get("/apis").json["groups"]] == ["apps", "authorization.k8s.io"]


def test_aggregated_discovery_echoes_what_was_asked(api: Any) -> None:
    answer = api.get("/apis", headers={"Accept": f"{V2},application/json"})
    assert answer.headers["content-type"] == V2 and answer.json["kind"] == "APIGroupDiscoveryList"
    assert api.get("/apis", headers={"Accept": f"application/json,{V2}"}).json["kind"] == "APIGroupList"


def test_openapi_has_tags(api: Any) -> None:
    answer = api.get("/openapi/v2")
    assert answer.status_code == 200 and answer.json["swagger"] == "2.0"
    assert api.get("/openapi/v2", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert "api/v1" in api.get("/openapi/v3").json["paths"]
    assert api.get("/openapi/v3/api/v1").json["openapi"].startswith("3.")
    assert api.get("/openapi/v3/apis/none/v1").status_code == 404


def test_openapi_v2_comes_in_protobuf_under_a_name_that_kubectl_can_read(api: Any) -> None:
    name = "application/com.github.proto-openapi.spec.v2{}v1.0+protobuf"
    answer = api.get("/openapi/v2", headers={"Accept": name.format("@")})
    assert answer.status_code == 200 and answer.headers["content-type"] == name.format(".")
    assert answer.content.startswith(b"\x0a\x032.0")
    assert answer.headers["etag"] != api.get("/openapi/v2").headers["etag"]
    assert api.get("/openapi/v2", headers={"Accept": f"{name.format('@')},application/json"}).content == answer.content
    assert api.get("/openapi/v3", headers={"Accept": name.format("@")}).status_code == 406


def test_anonymous_callers_see_health_and_nothing_else(api: Any) -> None:
    anonymous = api.as_user(None)
    for path in ("/livez", "/readyz", "/healthz", "/version", "/livez/ping"):
        assert anonymous.get(path).status_code == 200
    refused = anonymous.get("/api/v1/namespaces/default/pods")
    assert refused.status_code == 401 and refused.headers["www-authenticate"].startswith("Bearer")
    assert refused.json["reason"] == "Unauthorized"


def test_a_refusal_says_who_may_not_do_what(api: Any) -> None:
    weak = api.as_user(User("joe"))
    assert weak.get("/api/v1/namespaces/default/pods").json["message"] == (
        'pods is forbidden: User "joe" cannot list resource "pods" in API group "" in the namespace "default"'
    )
    assert weak.get("/apis/apps/v1/deployments").json["message"] == (
        'deployments.apps is forbidden: User "joe" cannot list resource "deployments" in API group "apps" '
        "at the cluster scope"
    )
    assert weak.get("/metrics").json["message"] == 'forbidden: User "joe" cannot get path "/metrics"'


def test_impersonation_needs_leave(api: Any) -> None:
    path = "/api/v1/namespaces/default/pods"
    headers = {"Impersonate-User": "joe", "Impersonate-Group": "system:masters"}
    assert api.get(path, headers={"Impersonate-User": "joe"}).status_code == 403
    assert api.get(path, headers=headers).status_code == 200
    refused = api.as_user(User("ann")).get(path, headers=headers).json["message"]
    assert refused.startswith('users "joe" is forbidden: User "ann" cannot impersonate resource "users"')
    assert api.get(path, headers={"Impersonate-Group": "a"}).status_code == 400


def test_a_review_is_answered_and_not_stored(api: Any) -> None:
    made = api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": {}})
    assert made.status_code == 201 and made.json["status"] == {"allowed": True}


def test_metrics_count_requests(api: Any) -> None:
    api.get("/api/v1/namespaces/default/pods")
    assert 'apiserver_request_total{code="200",group="",resource="pods",scope="namespace"' in api.get("/metrics").text
