import pytest

from sampan_history.commands.undelete import undelete
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES


@pytest.fixture
def deleted(cluster, second, request):
    def delete(name, **metadata):
        found = {"metadata": {"name": name, "labels": {"a": "b"}, **metadata}, "data": {"v": "1"}}
        made = cluster.client.create(CONFIG_MAPS, found, "default")
        second()
        cluster.client.delete(CONFIG_MAPS, name, "default")
        return made

    return delete


def test_a_deleted_object_is_created_again_as_it_was(run, cluster, deleted):
    old = deleted("back")
    done = run(undelete, "cm/back")
    made = cluster.client.get(CONFIG_MAPS, "back", "default")

    assert done.output == "configmap default/back was created again\n"
    assert (made["data"], made["metadata"]["labels"]) == ({"v": "1"}, {"a": "b"})
    assert made["metadata"]["uid"] != old["metadata"]["uid"]


def test_a_dry_run_prints_what_would_be_created(run, deleted):
    deleted("dry")
    output = run(undelete, "cm/dry", "--dry-run").output

    assert "name: dry" in output
    assert "uid" not in output
    assert run(undelete, "cm/dry", "--dry-run").exit_code == 0  # and it is not there yet


def test_an_owner_that_is_gone_is_left_out_and_one_that_is_there_is_kept(run, cluster, deleted):
    space = cluster.client.get(NAMESPACES, "default")
    there = {"apiVersion": "v1", "kind": "Namespace", "name": "default", "uid": space["metadata"]["uid"]}
    gone = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "gone"}
    deleted("owned", ownerReferences=[there, gone])

    assert "left out: the owner deployment web, which is gone" in run(undelete, "cm/owned").output
    kept = cluster.client.get(CONFIG_MAPS, "owned", "default")["metadata"]["ownerReferences"]
    assert [each["name"] for each in kept] == ["default"]


def test_what_is_there_or_never_was_cannot_be_brought_back(run, cluster):
    cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "alive"}}, "default")

    assert "is there" in run(undelete, "cm/alive").output
    assert "the history knows no configmap default/never" in run(undelete, "cm/never").output


def test_it_wants_the_rights_to_read_and_to_create(run, deleted):
    deleted("refused")

    assert "cannot get resource" in run(undelete, "cm/refused", user="ann").output
