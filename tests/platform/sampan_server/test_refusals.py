"""Garbage in: a clear 4xx Status, and nothing written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sampan_server.request.request import Request

CMS = "/api/v1/namespaces/default/configmaps"
DEEP = b'{"metadata":{"name":"a"},"data":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}"

BODIES = {
    "nothing": (b"", 400),
    "truncated": (b'{"metadata": {"name": "a"', 400),
    "no object": (b"[]", 400),
    "a number": (b"1", 400),
    "a null": (b"null", 422),
    "not UTF-8": (b'{"metadata":{"name":"\xff"}}', 422),
    "metadata of the wrong type": (b'{"metadata": 7}', 400),
    "a name of the wrong type": (b'{"metadata": {"name": 7}}', 400),
    "labels of the wrong type": (b'{"metadata": {"name": "a", "labels": [1]}}', 400),
    "data of the wrong type": (b'{"metadata": {"name": "a"}, "data": {"a": 1}}', 400),
    "another kind": (b'{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}', 400),
    "another version": (b'{"kind": "ConfigMap", "apiVersion": "v2", "metadata": {"name": "a"}}', 400),
    "another namespace": (b'{"metadata": {"name": "a", "namespace": "other"}}', 400),
    "no name": (b'{"metadata": {}}', 422),
    "a bad name": (b'{"metadata": {"name": "A B"}}', 422),
    "a bad label": (b'{"metadata": {"name": "a", "labels": {"-": "!"}}}', 422),
    "a bad key": (b'{"metadata": {"name": "a"}, "data": {"": "x"}}', 422),
    "too much": (b'{"metadata": {"name": "a"}, "data": {"a": "' + b"x" * (3 << 20) + b'"}}', 413),
    "too deep": (DEEP, 400),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_no_config_map_is_refused(api: Any, what: str) -> None:
    body, code = BODIES[what]
    before = api.app.cache.store.revision()

    answer = api.post(CMS, body)

    assert answer.status_code == code, answer.text[:300]
    status = answer.json
    assert status["kind"] == "Status" and status["status"] == "Failure" and status["code"] == code and status["message"]
    assert api.app.cache.store.revision() == before


QUERIES = {
    "limit=x": 400,
    "limit=99999999999999999999": 400,
    "continue=garbage": 400,
    "continue=%00": 400,
    "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiYSJ9": 400,
    "labelSelector=a%20in%20(": 400,
    "labelSelector===": 400,
    "fieldSelector=nonsense": 400,
    "fieldSelector=spec.unknown=1": 400,
    "resourceVersion=x": 400,
    "resourceVersion=-1": 400,
    "resourceVersionMatch=Exact": 422,
    "resourceVersion=1&resourceVersionMatch=Sometimes": 422,
    "resourceVersion=0&resourceVersionMatch=Exact": 422,
    "resourceVersion=999999": 504,
    "watch=maybe": 400,
    "watch=true&timeoutSeconds=x": 400,
    "watch=true&sendInitialEvents=true": 422,
    "watch=true&resourceVersionMatch=NotOlderThan": 422,
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_bad_query_is_refused(api: Any, query: str) -> None:
    answer = api.get(CMS, query_string=query)

    assert answer.status_code == QUERIES[query], answer.text
    assert answer.json["kind"] == "Status" and answer.json["message"]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/api/v1/unknowns", 404),
        ("GET", "/apis/no.such/v1/things", 404),
        ("GET", "/api/v2/pods", 404),
        ("GET", "/apis/apps/v1/namespaces/default/deployments/a/nothing", 404),
        ("GET", "/api/v1/pods/a", 404),
        ("PUT", CMS, 405),
        ("PATCH", CMS, 405),
        ("POST", f"{CMS}/a", 405),
        ("POST", "/version", 405),
        ("OPTIONS", CMS, 405),
        ("DELETE", f"{CMS}/none", 404),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 405),
    ],
)
def test_what_is_not_there_is_refused(api: Any, method: str, path: str, code: int) -> None:
    answer = api.call(method, path, {} if method in ("POST", "PUT") else None)

    assert answer.status_code == code, answer.text
    assert answer.json["kind"] == "Status"


def test_unknown_media_types_are_refused(api: Any) -> None:
    body = b'{"metadata": {"name": "a"}}'

    assert api.call("POST", CMS, body, headers={"Content-Type": "text/plain"}).status_code == 415
    assert api.call("PATCH", f"{CMS}/a", body, headers={"Content-Type": "application/json"}).status_code == 415
    assert api.get(CMS, headers={"Accept": "text/html"}).status_code == 406


def test_a_review_cannot_be_shown_as_a_table(api: Any) -> None:
    answer = api.post(
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {"spec": {}},
        headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"},
    )

    assert answer.status_code == 406 and answer.json["kind"] == "Status"


def test_strict_validation_names_every_field(api: Any, shapes: Any) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments"
    body = json.dumps(shapes.deployment("a")).replace(
        '"replicas": 1', '"unknownField": "x", "replicas": 1, "replicas": 2'
    )

    answer = api.post(path, body.encode(), query_string="fieldValidation=Strict")

    assert answer.status_code == 400
    assert (
        'strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"'
        in answer.json["message"]
    )

    warned = api.post(path, body.encode())
    assert warned.status_code == 201 and "unknown field" in warned.headers["warning"]
    assert "unknownField" not in warned.json["spec"]
    assert api.post(path, body.encode(), query_string="fieldValidation=Loud").status_code == 422


def test_an_internal_error_says_nothing_of_its_cause(make: Any, shapes: Any, caplog: Any) -> None:
    class Broken:
        name, operations, mutates, priority = "broken", frozenset({"CREATE"}), False, 500

        def admit(self, review: Any) -> None:
            raise ZeroDivisionError("a secret")

    answer = make(shapes.Extra(admitters=[Broken()])).post(CMS, shapes.config_map("a"))

    assert answer.status_code == 500 and "secret" not in answer.text
    assert "plugin extra failed in admission (broken): ZeroDivisionError: a secret" in caplog.text


def test_a_head_says_who_may_send_a_body(api: Any) -> None:
    def inspect(user: Any, path: str = CMS) -> Any:
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": ""}
        return api.app.wsgi.inspect_head({**environ, "sampan.user": user} if user else environ)

    unknown, known = inspect(None), inspect(api.user)

    assert unknown.refusal.status == 401
    assert (known.refusal, known.account) == (None, api.user.name)
    assert inspect(api.user, "/api/v1/namespaces/%ff").refusal is None  # what it addresses is judged with its body


def test_a_caller_who_is_not_known_keeps_no_connection(api: Any) -> None:
    answer = api.app.front.answer(Request({"REQUEST_METHOD": "GET", "PATH_INFO": CMS, "QUERY_STRING": ""}))

    assert answer.status == 401 and ("Connection", "close") in answer.headers


def test_another_http_server_is_not_told_what_to_do_with_the_connection(api: Any) -> None:
    answer = api.as_user(None).get(CMS)

    assert answer.status_code == 401 and "Connection" not in answer.headers


NAMES = {"role": "r\u00f4le", "japanese": "\u5f79\u5272", "emoji": "\U0001f6f6"}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_path_is_utf8(api: Any, name: str) -> None:
    from urllib.parse import quote

    path = f"/api/v1/namespaces/default/configmaps/{quote(name)}"

    assert api.get(path).json["message"] == f'configmaps "{name}" not found'


def test_a_path_that_is_not_utf8_is_refused(api: Any) -> None:
    from sampan.errors import BadRequest
    from sampan_server.request.request import Request

    with pytest.raises(BadRequest, match="not UTF-8"):
        Request({"REQUEST_METHOD": "GET", "PATH_INFO": f"{CMS}/\xff\xfe"})


def test_a_header_is_utf8_where_it_can_be(api: Any) -> None:
    from sampan_server.request.request import Headers

    headers = Headers({"HTTP_A": "r\u00f4le".encode().decode("latin-1"), "HTTP_B": "r\xf4le", "HTTP_C": "role"})

    assert [headers[name] for name in "abc"] == ["r\u00f4le", "r\xf4le", "role"]
