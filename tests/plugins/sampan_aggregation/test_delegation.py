from __future__ import annotations

import base64
import threading

import pytest

APISERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
GROUP = "/apis/wardle.example.com"
NAME = "v1alpha1.wardle.example.com"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def headers_of(told, name):
    return [value for key, value in told["headers"] if key == name]


def test_a_server_that_answers_is_available(joined):
    condition = joined.condition(NAME)

    assert (condition["status"], condition["message"]) == ("True", "all checks passed")
    assert joined("GET", f"{APISERVICES}/{NAME}")[1]["status"]["conditions"][0]["type"] == "Available"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_is_handed_on_with_its_query_and_body(joined, method):
    status, told = joined(method, f"{GROUP}/v1alpha1/namespaces/a/flunders/x", {"a": 1}, query_string="q=%20&l=a%2Fb")

    assert status == (201 if method == "POST" else 200)
    assert told["method"] == method
    assert told["path"] == f"{GROUP}/v1alpha1/namespaces/a/flunders/x?q=+&l=a%2Fb"
    assert told["body"] == '{"a": 1}'


def test_the_extension_server_is_told_who_asks_by_the_front_proxy(joined):
    forged = {"X-Remote-User": "root", "X-Remote-Extra-Evil": "1", "Authorization": "Bearer x", "X-Mine": "kept"}
    _, told = joined("GET", f"{GROUP}/v1alpha1/flunders", headers=forged)

    assert told["peer"] == "front-proxy-client"
    assert headers_of(told, "x-remote-user") == ["jane"]
    assert headers_of(told, "x-remote-uid") == ["u-1"]
    assert headers_of(told, "x-remote-group") == ["dev", "system:authenticated"]
    assert headers_of(told, "x-remote-extra-some%2fkey".lower()) or headers_of(
        told, "x-remote-extra-some%2Fkey".lower()
    )
    assert headers_of(told, "x-remote-extra-evil") == []
    assert headers_of(told, "authorization") == []
    assert headers_of(told, "x-mine") == ["kept"]
    assert headers_of(told, "host") == ["ext.default.svc:443"]


def test_we_authorize_before_anything_is_handed_on(joined):
    status, answer = joined("GET", f"{GROUP}/v1alpha1/forbidden")

    assert status == 403
    assert 'cannot list resource "forbidden" in API group "wardle.example.com"' in answer["message"]


def test_headers_and_streams_come_back_as_they_are(joined):
    plain = joined.raw("GET", f"{GROUP}/v1alpha1/flunders")
    watch = joined.raw("GET", f"{GROUP}/v1alpha1/flunders", query_string="watch=1")

    assert plain.headers["warning"] == '299 - "be careful"'
    assert watch.text.count('"ADDED"') == 2


def test_discovery_shows_the_group_in_both_forms(joined, extension):
    groups = joined("GET", "/apis")[1]["groups"]
    items = joined("GET", "/apis", headers={"accept": AGGREGATED})[1]["items"]

    group = next(found for found in groups if found["name"] == "wardle.example.com")
    assert group["preferredVersion"] == {"groupVersion": "wardle.example.com/v1alpha1", "version": "v1alpha1"}
    assert joined("GET", GROUP)[1]["kind"] == "APIGroup"
    assert joined("GET", f"{GROUP}/v1alpha1")[1] == extension.document
    (version,) = next(found for found in items if found["metadata"]["name"] == "wardle.example.com")["versions"]
    assert version["freshness"] == "Current"
    (flunders,) = version["resources"]
    kind = {"group": "wardle.example.com", "version": "v1alpha1", "kind": "Flunder"}
    assert flunders["responseKind"] == kind
    assert flunders["subresources"] == [{"subresource": "status", "responseKind": kind, "verbs": ["get"]}]


def test_its_openapi_document_is_in_the_index_and_handed_on(joined):
    path = "apis/wardle.example.com/v1alpha1"
    link = joined("GET", "/openapi/v3")[1]["paths"][path]["serverRelativeURL"]

    assert link.startswith(f"/openapi/v3/{path}?hash=")
    assert joined("GET", f"/openapi/v3/{path}")[1]["path"] == f"/openapi/v3/{path}"


def definitions(word="Flunder"):
    ref = {"$ref": f"#/definitions/wardle.{word}"}
    path = f"{GROUP}/v1alpha1/namespaces/{{namespace}}/flunders"
    item = {"get": {"responses": {"200": {"description": "OK", "schema": ref}}}}
    return {"swagger": "2.0", "paths": {path: item}, "definitions": {f"wardle.{word}": {"type": "object"}}}


def test_its_openapi_v2_document_is_joined_to_ours(joined, extension):
    extension.definitions = 200, definitions()
    answer = joined.raw("GET", "/openapi/v2")
    found = answer.json

    assert f"{GROUP}/v1alpha1/namespaces/{{namespace}}/flunders" in found["paths"]
    assert "/api/v1/namespaces/{namespace}/pods" in found["paths"]
    assert {"wardle.Flunder", "io.k8s.api.core.v1.Pod"} <= set(found["definitions"])
    again = joined.raw("GET", "/openapi/v2", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(("said", "is_final"), [((404, {}), True), ((200, {"paths": 7}), True), ((500, {}), False)])
def test_a_server_without_such_a_document_is_left_out(joined, extension, said, is_final):
    extension.definitions = said

    answer = joined.raw("GET", "/openapi/v2")

    assert answer.status_code == 200
    assert "/api/v1/namespaces/{namespace}/pods" in answer.json["paths"]
    assert ("etag" in answer.headers) == is_final  # else it may say more at a later request


def test_other_group_versions_stay_unknown(joined):
    assert joined("GET", f"{GROUP}/v1/flunders")[0] == 404
    assert joined("GET", f"{GROUP}/v1")[0] == 404
    assert joined("GET", "/apis/other.example.com/v1/things")[0] == 404


def test_a_removed_apiservice_takes_its_group_along(joined):
    assert joined("DELETE", f"{APISERVICES}/{NAME}")[0] == 200

    assert joined("GET", f"{GROUP}/v1alpha1/flunders")[0] == 404
    assert "wardle.example.com" not in joined.raw("GET", "/apis").text


def test_a_server_that_refuses_discovery_is_not_available(api, api_service, extension, make_service):
    extension.healthy = False
    make_service(extension.port)
    api("POST", APISERVICES, api_service(caBundle=extension.bundle))
    condition = api.until(NAME, "FailedDiscoveryCheck")

    url = f"https://ext.default.svc:443{GROUP}/v1alpha1"
    assert condition["message"] == f"failing or missing response from {url}: bad status from {url}: 500"
    status, answer = api("GET", f"{GROUP}/v1alpha1/flunders")
    assert (status, answer["reason"]) == (503, "ServiceUnavailable")
    assert answer["message"] == "the server is currently unable to handle the request"


def test_a_certificate_of_an_unknown_authority_is_refused(api, api_service, extension, make_service, pki):
    make_service(extension.port)
    body = api_service(caBundle=base64.b64encode((pki / "ca.crt").read_bytes()).decode())
    api("POST", APISERVICES, body)

    assert "certificate" in api.until(NAME, "FailedDiscoveryCheck")["message"]
    patch = {"spec": {"caBundle": None, "insecureSkipTLSVerify": True}}
    merge = {"content-type": "application/merge-patch+json"}
    assert api("PATCH", f"{APISERVICES}/{NAME}", patch, headers=merge)[0] == 200
    api.until(NAME, "Passed")


def test_what_is_missing_is_named(api, api_service, make_service):
    api("POST", APISERVICES, api_service())
    assert api.until(NAME, "ServiceNotFound")["message"] == 'service/ext in "default" is not present'

    make_service(1, ready=False)
    message = 'endpointslices for service/ext in "default" have no addresses with port name "https"'
    assert api.until(NAME, "MissingEndpoints")["message"] == message


def test_others_conditions_stay(joined):
    mine = {
        "type": "Mine",
        "status": "True",
        "reason": "Why",
        "message": "so",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    obj = joined("GET", f"{APISERVICES}/{NAME}")[1]
    obj["status"]["conditions"] = [{**obj["status"]["conditions"][0], "status": "False"}, mine]
    assert joined("PUT", f"{APISERVICES}/{NAME}/status", obj)[0] == 200
    merge = {"content-type": "application/merge-patch+json"}
    assert joined("PATCH", f"{APISERVICES}/{NAME}", {"spec": {"versionPriority": 15}}, headers=merge)[0] == 200

    joined.until(NAME, "Passed")
    types = [c["type"] for c in joined("GET", f"{APISERVICES}/{NAME}")[1]["status"]["conditions"]]
    assert types == ["Available", "Mine"]


def test_what_the_server_serves_itself_is_listed_as_local(api):
    condition = api.until("v1.", "Local")

    assert condition["status"] == "True"
    table = api("GET", APISERVICES, headers={"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})[1]
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Service", "Available", "Age"]
    api.until("v1.discovery.k8s.io", "Local")
    table = api("GET", APISERVICES, headers={"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"})[1]
    assert ["v1.", "Local", "True"] in [row["cells"][:3] for row in table["rows"]]


def test_one_hanging_server_does_not_take_more_than_its_share(joined, extension, monkeypatch):
    remote = joined.app.front._delegations.of_path(f"{GROUP}/v1alpha1").serve.args[0]
    remote.slots = threading.BoundedSemaphore(1)
    first = threading.Thread(target=joined.raw, args=("GET", f"{GROUP}/v1alpha1/flunders/hang"))
    first.start()
    while remote.slots._value:
        first.join(0.005)

    assert joined("GET", f"{GROUP}/v1alpha1/flunders")[0] == 429
    extension.go_on.set()
    first.join()
    assert joined("GET", f"{GROUP}/v1alpha1/flunders")[0] == 200
