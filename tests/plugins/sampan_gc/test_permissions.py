from types import SimpleNamespace

import pytest

from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind, Resource
from sampan.errors import Forbidden
from sampan_gc.permissions import OwnerReferencesPermissionEnforcement, newly_blocking, owners_of
from sampan_gc.plugin import Settings, contribute_admitters
from sampan_machinery.resources import CONFIG_MAPS, DEPLOYMENTS, NODES, PODS
from sampan_testing.cluster import start
from sampan_testing.shelves import Shelf

CLUSTER_ROLES = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False)
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False)
KNOWN = {("apps/v1", "Deployment"): [DEPLOYMENTS], ("v1", "Node"): [NODES]}
ME = User("me")


def owner(kind="Deployment", version="apps/v1", uid="u", **more):
    return {"apiVersion": version, "kind": kind, "name": "own", "uid": uid, **more}


def obj(*owners):
    return {"metadata": {"name": "web", "ownerReferences": list(owners)} if owners else {"name": "web"}}


def admit(new, old=None, *, may=(), sub=""):
    asked = []

    def decide(attributes: Attributes):
        asked.append(
            (attributes.verb, attributes.resource, attributes.subresource, attributes.namespace, attributes.name)
        )
        found = attributes.verb in may or f"{attributes.verb} {attributes.resource}" in may
        return (Decision.ALLOW, "") if found else (Decision.NO_OPINION, "no rule")

    rule = OwnerReferencesPermissionEnforcement(decide, lambda version, kind: KNOWN.get((version, kind), []))
    operation = "CREATE" if old is None else "UPDATE"
    rule.admit(Review(operation, Kind(**PODS._asdict()), sub, "d", "web", new, old, ME, False, Shelf()))
    return asked


@pytest.mark.parametrize(
    "new, old, sub",
    [
        (obj(), None, ""),
        (obj(owner()), None, ""),
        (obj(owner()), obj(owner()), ""),
        (obj(owner(blockOwnerDeletion=True)), obj(owner(blockOwnerDeletion=True)), ""),
        (obj(owner()), obj(), "status"),
    ],
)
def test_nothing_is_asked_where_no_reference_is_new(new, old, sub):
    assert admit(new, old, sub=sub) == []


def test_who_changes_owners_must_be_able_to_delete_the_object():
    assert admit(obj(owner()), obj(), may=["delete"]) == [("delete", "pods", "", "d", "web")]
    with pytest.raises(Forbidden) as refused:
        admit(obj(), obj(owner()))

    assert str(refused.value) == (
        'pods "web" is forbidden: cannot set an ownerRef on a resource you can\'t delete: no rule, <nil>'
    )


def test_who_blocks_an_owner_must_be_able_to_finalize_it():
    blocking = obj(owner(blockOwnerDeletion=True))

    assert admit(blocking, may=["update deployments"]) == [
        ("update", "*", "finalizers", "", "*"),
        ("update", "deployments", "finalizers", "d", "own"),
    ]
    with pytest.raises(Forbidden, match="refers to a resource you can't set finalizers on: no rule, <nil>"):
        admit(blocking)


def test_an_owner_of_the_whole_cluster_is_asked_about_without_a_namespace():
    asked = admit(obj(owner("Node", "v1", blockOwnerDeletion=True)), may=["update nodes"])

    assert asked[1] == ("update", "nodes", "finalizers", "", "own")


def test_an_owner_of_an_unknown_kind_cannot_be_blocked():
    with pytest.raises(
        Forbidden, match='cannot find RESTMapping for APIVersion x/v1 Kind Odd: no matches for kind "Odd"'
    ):
        admit(obj(owner("Odd", "x/v1", blockOwnerDeletion=True)))


def test_which_references_begin_to_block():
    was, now = owner(uid="a"), owner(uid="a", blockOwnerDeletion=True)
    other = owner(uid="b", blockOwnerDeletion=True)

    assert list(newly_blocking([now, other], [was, other])) == [now]
    assert owners_of(None) == []


def test_the_rule_is_there_where_the_setting_turns_it_on():
    cluster = SimpleNamespace(decide=None)

    def names(settings):
        context = SimpleNamespace(settings=settings, cluster=cluster, resources_of=None)
        return [each.name for each in contribute_admitters(context)]

    assert names(Settings()) == []
    assert names(Settings(owner_references_permission_enforcement=True)) == ["OwnerReferencesPermissionEnforcement"]


def test_in_the_server_kinds_are_found_and_rights_are_asked_for():
    settings = {"gc": {"owner_references_permission_enforcement": True}}
    with start(only=("namespaces", "config", "gc", "rbac"), settings=settings, control=False) as cluster:
        own = cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "own"}}, "default")
        reference = owner("ConfigMap", "v1", uid=own["metadata"]["uid"], blockOwnerDeletion=True)
        rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]}]
        cluster.client.create(CLUSTER_ROLES, {"metadata": {"name": "maker"}, "rules": rules})
        subjects = [{"kind": "User", "name": "dev", "apiGroup": "rbac.authorization.k8s.io"}]
        bound = {"kind": "ClusterRole", "name": "maker", "apiGroup": "rbac.authorization.k8s.io"}
        cluster.client.create(BINDINGS, {"metadata": {"name": "dev"}, "roleRef": bound, "subjects": subjects})

        with pytest.raises(Forbidden, match="can't set finalizers on"):
            cluster.client_as("dev").create(CONFIG_MAPS, obj(reference), "default")
        cluster.client.create(CONFIG_MAPS, obj(reference), "default")
