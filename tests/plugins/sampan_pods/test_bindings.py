import pytest

from sampan.errors import BadRequest, Conflict, Invalid, MethodNotAllowed, NotFound
from sampan_machinery.resources import BINDINGS, PODS

PATH = "/api/v1/namespaces/default/bindings"


def body(name="web", node="n1", **metadata):
    return {"kind": "Binding", "apiVersion": "v1", "metadata": {"name": name, **metadata}, "target": {"name": node}}


def test_a_pod_is_bound_by_its_name_in_the_body(client, make):
    make()

    assert client.create(BINDINGS, body(), "default")["status"] == "Success"

    assert client.get(PODS, "web", "default")["spec"]["nodeName"] == "n1"
    with pytest.raises(Conflict, match="already assigned to node"):
        client.create(BINDINGS, body(node="n2"), "default")


def test_a_dry_run_binds_nothing(client, make):
    make()

    client.request("POST", PATH, query={"dryRun": "All"}, body=body())

    assert not client.get(PODS, "web", "default")["spec"].get("nodeName")
    with pytest.raises(NotFound, match='pods "none" not found'):
        client.request("POST", PATH, query={"dryRun": "All"}, body=body("none"))


@pytest.mark.parametrize(
    "sent, error, why",
    [
        (body("none"), NotFound, 'pods "none" not found'),
        (body(""), BadRequest, "name must be provided"),
        (body(node=""), Invalid, "target.name: Required value"),
        (body(namespace="elsewhere"), BadRequest, "does not match the namespace sent on the request"),
    ],
)
def test_what_is_refused(client, make, sent, error, why):
    make()

    with pytest.raises(error, match=why):
        client.request("POST", PATH, body=sent)


def test_bindings_are_not_read(client):
    with pytest.raises(MethodNotAllowed):
        client.request("GET", PATH)
