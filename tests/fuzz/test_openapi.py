"""What schemathesis makes of our own OpenAPI v3: no answer is a 5xx, and what succeeds has the published shape.

Each operation that a document names is called, FUZZ_EXAMPLES times. Two things that upstream's documents do not
tell either are passed over: lists that are null, as Go writes them, and deletions that answer with the object.
"""

from __future__ import annotations

import json
import os

import corpus
import hypothesis
import pytest
import schemathesis
from falcon.testing import TestClient
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_schema_conformance

from sampan.contracts.access import User
from sampan_testing.cluster import MASTERS, start

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
NAMESPACE = "default"
ENDLESS = ("watch", "follow")  # parameters with which an answer does not end
MEDIA = {"PATCH": "application/merge-patch+json"}
GENERATING = hypothesis.settings(
    max_examples=EXAMPLES, database=None, deadline=None, phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip


class Application:
    """The server as schemathesis calls it: by WSGI, as an administrator."""

    def __init__(self, wsgi):
        self._wsgi = wsgi
        self._user = User("admin", (MASTERS, "system:authenticated"), "admin-uid")

    def __call__(self, environ, start_response):
        return self._wsgi({**environ, "sampan.user": self._user}, start_response)


@pytest.fixture(scope="module")
def application():
    with start(control=False) as cluster:
        yield Application(cluster.app.wsgi)


@pytest.fixture(scope="module")
def documents(application):
    return [path for path in TestClient(application).simulate_get("/openapi/v3").json["paths"] if path != "version"]


@pytest.fixture(scope="module")
def names(application):
    """Objects of many kinds that are there: collection → name."""
    client, found = TestClient(application), {}
    for sample in corpus.samples():
        path = sample.collection.replace(corpus.NAMESPACE, NAMESPACE)
        text = json.dumps(sample.body).replace(corpus.NAMESPACE, NAMESPACE).replace("@NAME@", "sample")
        body = json.loads(text)
        if client.simulate_post(path, json=body).status_code == 201 and "name" in body.get("metadata", {}):
            found[path] = body["metadata"]["name"]
    assert len(found) > 20
    return found


def aimed(case, names):
    """At what exists where something does; never at what does not end."""
    parameters = case.path_parameters or {}
    if "namespace" in parameters:
        parameters["namespace"] = NAMESPACE
    if "name" in parameters:
        collection = case.path.partition("/{name}")[0].replace("{namespace}", NAMESPACE)
        parameters["name"] = names.get(collection, parameters["name"])
    for name in ENDLESS:
        (case.query or {}).pop(name, None)
    if case.media_type is not None:
        case.media_type = MEDIA.get(case.method, "application/json")
    return case


def wrong(case, response):
    """What is wrong with an answer; "" if nothing is."""
    checks = [not_a_server_error]
    if response.status_code in (200, 201) and case.method != "DELETE":
        checks.append(response_schema_conformance)
    try:
        case.validate_response(response, checks=checks)
    except FailureGroup as error:
        return "\n".join(text for each in error.exceptions if "null is not of type" not in (text := str(each)))
    return ""


def called(operation, names, succeeded, faults):
    """Call one operation some times; what is wrong is noted in ``faults``, that it succeeded in ``succeeded``."""

    @hypothesis.seed(SEED)
    @GENERATING
    @hypothesis.given(case=operation.as_strategy())
    def call(case):
        response = aimed(case, names).call()
        if response.status_code in (200, 201):
            succeeded.add(operation.label)
        if why := wrong(case, response):
            faults.setdefault(operation.label, f"{why[:2000]}\n{case.as_curl_command()[:2000]}")

    call()


def test_every_operation_of_the_openapi_answers_as_it_says(application, documents, names):
    succeeded, faults, count = set(), {}, 0
    for document in documents:
        schema = schemathesis.openapi.from_wsgi(f"/openapi/v3/{document}", application)
        for found in schema.get_all_operations():
            called(found.ok(), names, succeeded, faults)
            count += 1

    assert not faults, "\n".join(f"{label}: {why}" for label, why in faults.items())
    assert count > 500, "so few operations are published that little is tried"
    assert len(succeeded) > count / 10, "so few succeed that little is tried"


def test_the_judge_sees_a_server_error_and_a_wrong_shape():
    def answered(status, body):
        def application(environ, start_response):
            start_response(f"{status} X", [("Content-Type", "application/json")])
            return [body]

        return application

    document = {
        "openapi": "3.0.0", "info": {"title": "x", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "", "content": {"application/json": {
            "schema": {"type": "object", "properties": {"a": {"type": "integer"}}},
        }}}}}}},
    }  # fmt: skip

    def judged(status, body):
        schema = schemathesis.openapi.from_dict(document)
        schema.app = answered(status, body)
        case = schema["/a"]["GET"].Case()
        return wrong(case, case.call(app=schema.app))

    assert judged(200, b'{"a": 1}') == "" and judged(200, b'{"a": null}') == ""
    assert "is not of type" in judged(200, b'{"a": "x"}')
    assert "Server error" in judged(500, b"{}")
