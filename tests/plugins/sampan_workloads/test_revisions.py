from sampan_podspec.templates import HASH_LABEL
from sampan_workloads.proportions import DESIRED, MAXIMUM, RolloutBounds
from sampan_workloads.revisions import (
    HISTORY,
    REVISION,
    annotated_as,
    by_age,
    new_replica_set,
    newest_of,
    next_revision,
    revision_of,
)

BOUNDS = RolloutBounds(3, 1, 0, True)


def template(image="nginx"):
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", "image": image}]}}


def deployment(image="nginx", annotations=None):
    metadata = {"name": "web", "namespace": "default", "uid": "1", "annotations": annotations or {}}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template(image)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def replica_set(name, image="nginx", created="2026-01-01T00:00:00Z", revision=""):
    annotations = {REVISION: revision} if revision else {}
    metadata = {"name": name, "creationTimestamp": created, "annotations": annotations}
    return {"metadata": metadata, "spec": {"template": template(image)}}


def test_the_oldest_with_the_deployments_template_is_the_new_one():
    sets = [replica_set("b", created="2026-01-02T00:00:00Z"), replica_set("a"), replica_set("c", image="httpd")]

    assert newest_of(deployment(), sets)["metadata"]["name"] == "a"
    assert newest_of(deployment("caddy"), sets) is None
    assert [each["metadata"]["name"] for each in by_age(sets)] == ["a", "c", "b"]


def test_revisions_count_up_and_odd_ones_count_as_none():
    assert revision_of(replica_set("a", revision="7")) == 7
    assert revision_of(replica_set("a", revision="x7")) == revision_of(replica_set("a")) == 0
    assert next_revision([replica_set("a", revision="7"), replica_set("b", revision="2")]) == 8
    assert next_revision([]) == 1


def test_the_new_one_carries_the_deployments_annotations_and_its_size():
    found = annotated_as(deployment(annotations={"team": "shop", REVISION: "9"}), None, 2, BOUNDS)

    assert found == {"team": "shop", REVISION: "2", DESIRED: "3", MAXIMUM: "4"}


def test_a_revision_that_comes_again_is_kept_in_the_history():
    found = annotated_as(deployment(), replica_set("a", revision="1"), 3, BOUNDS)

    assert (found[REVISION], found[HISTORY]) == ("3", "1")


def test_a_new_replica_set_is_told_from_others_by_the_hash_of_its_template():
    made, other = (new_replica_set(deployment(image), [], BOUNDS, 2) for image in ("nginx", "httpd"))
    digest = made["metadata"]["labels"][HASH_LABEL]

    assert made["metadata"]["name"] == f"web-{digest}" != other["metadata"]["name"]
    assert made["spec"]["selector"]["matchLabels"] == {"app": "web", HASH_LABEL: digest}
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "web", HASH_LABEL: digest}
    assert made["metadata"]["ownerReferences"][0]["uid"] == "1"
    assert made["spec"]["replicas"] == 2
