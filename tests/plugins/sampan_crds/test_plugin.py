"""Custom resources in a running server."""

import contextlib

import pytest
from crd_samples import CRDS, definition, is_established, schema, version

from sampan.contracts.kinds import Resource
from sampan.errors import BadRequest, Conflict, Invalid, MethodNotAllowed, NotFound, UnsupportedMediaType
from sampan_testing.cluster import start
from sampan_testing.webhooks import WebhookServer

BOATS = Resource("toys.example", "v1", "boats", "Boat")
PATH = "/apis/toys.example/v1/namespaces/default/boats"
BOATS2 = BOATS._replace(version="v2")
INT, TEXT = {"type": "integer"}, {"type": "string"}


@pytest.fixture
def cluster():
    with start(only=("namespaces", "crds"), control=False) as found:
        yield found


@pytest.fixture
def client(cluster):
    return cluster.client


def apply(cluster, *versions, **more):
    cluster.client.create(CRDS, definition(*versions, **more))
    cluster.until(lambda: is_established(cluster.client))


def change(cluster, **spec):
    while True:
        crd = cluster.client.get(CRDS, "boats.toys.example")
        crd["spec"].update(spec)
        with contextlib.suppress(Conflict):  # where its status is written meanwhile
            return cluster.client.update(CRDS, crd)


def is_gone(client):
    try:
        client.get(CRDS, "boats.toys.example")
    except NotFound:
        return True
    return False


def boat(name="a", **spec):
    return {"metadata": {"name": name}, "spec": spec}


def test_a_definition_is_served_and_says_so(cluster, client):
    apply(cluster, version(of=schema(crew={**INT, "default": 2, "minimum": 1}, secret=TEXT)))

    made = client.create(BOATS, boat(unknown=1), "default")

    assert made["spec"] == {"crew": 2}
    assert made["metadata"]["generation"] == 1
    with pytest.raises(Invalid, match=r"spec\.crew in body should be greater than or equal to 1"):
        client.create(BOATS, boat("b", crew=0), "default")
    with pytest.raises(BadRequest, match=r'unknown field "spec\.unknown"'):
        client.request("POST", f"{PATH}?fieldValidation=Strict", body=boat("b", unknown=1))


def test_new_defaults_are_read_of_objects_that_are_stored(cluster, client):
    apply(cluster, version(of=schema(crew=INT, old=TEXT)))
    client.create(BOATS, boat(crew=1, old="x"), "default")

    change(cluster, versions=[version(of=schema(crew=INT, new={**TEXT, "default": "n"}))])

    cluster.until(lambda: client.get(BOATS, "a", "default")["spec"] == {"crew": 1, "new": "n"})
    assert client.list(BOATS).items[0]["spec"]["new"] == "n"


def test_each_version_has_its_own_schema(cluster, client):
    apply(cluster, version(of=schema(crew=INT)), version("v2", storage=False, of=schema(crew={**INT, "maximum": 3})))

    client.create(BOATS, boat(crew=9), "default")

    with pytest.raises(Invalid, match="less than or equal to 3"):
        client.create(BOATS2, boat("b", crew=9), "default")
    assert client.get(BOATS2, "a", "default")["apiVersion"] == "toys.example/v2"
    with pytest.raises(Invalid, match="storedVersions"):
        change(cluster, versions=[version("v2", of=schema(crew=INT))])


def test_what_did_not_change_is_not_judged_by_a_stricter_schema(cluster, client):
    apply(cluster, version(of=schema(crew=INT, name=TEXT)))
    client.create(BOATS, boat(crew=9), "default")
    change(cluster, versions=[version(of=schema(crew={**INT, "maximum": 3}, name=TEXT))])

    def is_strict():
        try:
            client.request("POST", f"{PATH}?dryRun=All", body=boat("b", crew=9))
        except Invalid:
            return True
        return False

    cluster.until(is_strict)

    assert client.patch(BOATS, "a", {"spec": {"name": "x"}}, "default")["spec"] == {"crew": 9, "name": "x"}
    with pytest.raises(Invalid, match="less than or equal to 3"):
        client.patch(BOATS, "a", {"spec": {"crew": 8}}, "default")


def test_a_strategic_merge_patch_is_refused(cluster, client):
    apply(cluster)
    client.create(BOATS, boat(), "default")

    with pytest.raises(UnsupportedMediaType):
        client.request("PATCH", "/apis/toys.example/v1/namespaces/default/boats/a", body={},
                       headers={"Content-Type": "application/strategic-merge-patch+json"})  # fmt: skip


def test_a_definition_goes_after_its_instances(cluster, client):
    apply(cluster)
    held = boat()
    held["metadata"]["finalizers"] = ["example.org/held"]
    client.create(BOATS, held, "default")
    client.create(BOATS, boat("b"), "default")

    client.delete(CRDS, "boats.toys.example")

    cluster.until(lambda: [each["metadata"]["name"] for each in client.list(BOATS).items] == ["a"])
    with pytest.raises(MethodNotAllowed, match="create not allowed while custom resource definition is terminating"):
        client.create(BOATS, boat("c"), "default")

    def reasons():
        conditions = client.get(CRDS, "boats.toys.example")["status"]["conditions"]
        return [each["reason"] for each in conditions if each["type"] == "Terminating"]

    cluster.until(lambda: reasons() == ["InstanceDeletionInProgress"])

    client.patch(BOATS, "a", {"metadata": {"finalizers": None}}, "default")

    cluster.until(lambda: is_gone(client))


def test_names_of_another_definition_are_not_established(cluster, client):
    apply(cluster)
    client.create(CRDS, definition(plural="ships", names={"singular": "ship"}))

    def conditions():
        found = client.get(CRDS, "ships.toys.example")["status"].get("conditions") or ()
        return {each["type"]: each["reason"] for each in found}

    cluster.until(lambda: conditions() == {"NamesAccepted": "ListKindConflict", "Established": "NotAccepted"})

    client.delete(CRDS, "boats.toys.example")

    cluster.until(lambda: conditions()["Established"] == "InitialNamesAccepted")


def test_a_webhook_converts_between_versions(cluster, client):
    def convert(path, review):
        wanted, found = review["request"]["desiredAPIVersion"], []
        for obj in review["request"]["objects"]:
            name, other = ("sailors", "crew") if wanted.endswith("v2") else ("crew", "sailors")
            spec = {name: obj["spec"][other]} if other in obj.get("spec", {}) else {}
            found.append({**obj, "apiVersion": wanted, "spec": spec})
        return {"result": {"status": "Success"}, "convertedObjects": found}

    with WebhookServer(convert) as server:
        webhook = {"clientConfig": server.client_config(), "conversionReviewVersions": ["v1"]}
        apply(
            cluster, version(of=schema(crew=INT)), version("v2", storage=False, of=schema(sailors=INT)),
            conversion={"strategy": "Webhook", "webhook": webhook},
        )  # fmt: skip
        client.create(BOATS, boat(crew=1), "default")
        client.create(BOATS2, boat("b", sailors=2), "default")

        assert client.get(BOATS2, "a", "default")["spec"] == {"sailors": 1}
        assert client.get(BOATS, "b", "default")["spec"] == {"crew": 2}
        assert [each["spec"]["sailors"] for each in client.list(BOATS2).items] == [1, 2]
        assert client.patch(BOATS2, "a", {"spec": {"sailors": 5}}, "default")["spec"] == {"sailors": 5}
        assert client.get(BOATS, "a", "default")["spec"] == {"crew": 5}


def test_a_version_can_go_once_nothing_is_stored_in_it(cluster, client):
    apply(cluster, version("v1"), version("v2", storage=False))
    client.create(BOATS, boat(), "default")

    crd = change(cluster, versions=[version("v1", storage=False), version("v2")])
    assert crd["status"]["storedVersions"] == ["v1", "v2"]
    cluster.until(lambda: cluster.app.registry.stored("toys.example", "boats").kind.version == "v2")
    client.patch(BOATS2, "a", {"metadata": {"labels": {"migrated": "yes"}}}, "default")
    status = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/boats.toys.example/status"
    client.request("PATCH", status, body={"status": {"storedVersions": ["v2"]}},
                   headers={"Content-Type": "application/merge-patch+json"})  # fmt: skip
    change(cluster, versions=[version("v2")])

    cluster.until(lambda: cluster.app.registry.find("toys.example", "v1", "boats") is None)
    assert client.get(BOATS2, "a", "default")["metadata"]["labels"] == {"migrated": "yes"}


def test_conditions_of_others_are_left_alone(cluster, client):
    apply(cluster)
    said = {"type": "", "status": "", "message": "said by a client"}
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/boats.toys.example/status"
    client.request("PATCH", path, body=[{"op": "add", "path": "/status/conditions", "value": [said]}],
                   headers={"Content-Type": "application/json-patch+json"})  # fmt: skip

    cluster.until(lambda: is_established(client))

    assert client.get(CRDS, "boats.toys.example")["status"]["conditions"][0]["message"] == "said by a client"


def test_a_deletion_asks_for_no_propagation_whatever_it_says(cluster, client):
    apply(cluster, version())
    client.patch(CRDS, "boats.toys.example", {"metadata": {"finalizers": ["example.org/held"]}})

    client.delete(CRDS, "boats.toys.example", propagation="Foreground")

    left = client.get(CRDS, "boats.toys.example")
    assert "foregroundDeletion" not in left["metadata"]["finalizers"]


def test_a_patch_of_a_type_that_is_unknown_is_told_before_an_answer_of_one(cluster, client):
    apply(cluster, version())
    odd = {"Content-Type": "application/strategic-merge-patch+json", "Accept": "text/plain"}

    with pytest.raises(UnsupportedMediaType, match="merge-patch"):
        client.request("PATCH", f"{PATH}/absent", body={}, headers=odd)
