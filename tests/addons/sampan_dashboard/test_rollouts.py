from __future__ import annotations

from sampan_dashboard import rollouts

OWNER = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "uid": "u", "generation": 7}}


def kept(name, *, uid="u", revision=None, template=None, data=None, number=None):
    metadata = {
        "name": name,
        "ownerReferences": [{"uid": uid, "controller": True}],
        "annotations": {rollouts.REVISION: revision} if revision else {},
    }
    found = {"metadata": metadata, "spec": {"template": template or {}}}
    return {"metadata": metadata, "data": data, "revision": number} if data else found


def test_the_revisions_of_a_deployment_are_its_replica_sets_by_number():
    old = kept("web-1", revision="9", template={"metadata": {"labels": {"app": "web", rollouts.HASH: "1"}}})
    found = rollouts.revisions(
        OWNER, [old, kept("web-2", revision="10"), kept("other", uid="x", revision="11"), kept("none")]
    )

    assert [(each.number, each.name, each.is_current) for each in found] == [(10, "web-2", True), (9, "web-1", False)]
    assert found[1].template["metadata"]["labels"] == {"app": "web"}


def test_the_revisions_of_a_stateful_set_are_controller_revisions():
    data = {"spec": {"template": {"$patch": "replace", "spec": {"containers": []}}}}
    (found,) = rollouts.revisions({**OWNER, "kind": "StatefulSet"}, [kept("web-a", data=data, number=3)])

    assert (found.number, found.template) == (3, {"spec": {"containers": []}})


def test_going_back_replaces_the_template_of_the_object_that_was_read():
    (found,) = rollouts.revisions(OWNER, [kept("web-1", revision="1", template={"spec": {"a": 1}})])

    assert rollouts.back_to(OWNER, found) == [
        {"op": "test", "path": "/metadata/generation", "value": 7},
        {"op": "replace", "path": "/spec/template", "value": {"spec": {"a": 1}, "metadata": {"labels": {}}}},
    ]


def test_a_restart_changes_the_template_alone():
    assert rollouts.restart("now")["spec"]["template"]["metadata"]["annotations"] == {rollouts.RESTARTED: "now"}
