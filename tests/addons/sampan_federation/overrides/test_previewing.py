from __future__ import annotations

from sampan_federation.interpreter.interpreter import Interpreter
from sampan_federation.overrides.previewing import difference, preview, with_policies, yaml_of
from sampan_federation.works.rendering import Policies, Target, render

CLUSTERS = {name: {"metadata": {"name": name}, "spec": {}} for name in ("east", "west")}
TEMPLATE = {
    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default", "uid": "u"},
    "data": {"color": "red"},
}  # fmt: skip


def binding(*clusters):
    return {"metadata": {"name": "b", "namespace": "default"}, "spec": {"clusters": [{"name": c} for c in clusters]}}


def policy(name, color, kind="OverridePolicy", target=None):
    rule = {"overriders": {"plaintext": [{"operator": "replace", "path": "/data/color", "value": color}]}}
    rule |= {"targetCluster": target} if target else {}
    metadata = {"name": name, **({"namespace": "default"} if kind == "OverridePolicy" else {})}
    return {"kind": kind, "metadata": metadata, "spec": {"overrideRules": [rule]}}


def previews(bound, policies, works=()):
    return list(preview(TEMPLATE, bound, CLUSTERS, policies, works, Interpreter()))


def works_of(bound):
    return [
        render(TEMPLATE, bound, Target(c["name"], 0), CLUSTERS[c["name"]], Policies(), Interpreter())
        for c in bound["spec"]["clusters"]
    ]


def test_only_the_clusters_of_the_rule_differ():
    bound = binding("east", "west")
    files = with_policies(Policies(), [policy("p", "blue", target={"clusterNames": ["west"]})])

    east, west = previews(bound, files, works_of(bound))

    assert difference(east.before, east.after, "east") == ""
    said = difference(west.before, west.after, "west")
    assert "-  color: red\n+  color: blue\n" in said and "--- west (now)" in said
    assert "karmada.io" not in said


def test_a_file_replaces_the_policy_of_its_name():
    known = Policies((policy("c", "x", "ClusterOverridePolicy"),), (policy("p", "green"),))

    found = with_policies(known, [policy("p", "blue"), {"kind": "ConfigMap", "metadata": {"name": "n"}}])

    assert found.namespaced == (policy("p", "blue"),)
    assert found.cluster_scoped == known.cluster_scoped


def test_what_cannot_be_rendered_and_what_is_no_cluster_says_so():
    broken = policy("p", "x")
    broken["spec"]["overrideRules"][0]["overriders"] = {"plaintext": [{"operator": "remove", "path": "/no"}]}

    east, nowhere = previews(binding("east", "nowhere"), with_policies(Policies(), [broken]))

    assert "OverridePolicy p" in east.error
    assert nowhere.error == "there is no such cluster"


def test_a_cluster_that_loses_the_object_is_shown():
    [west, east] = previews(binding("west"), Policies(), works_of(binding("east")))

    assert (west.cluster, west.before) == ("west", None) and west.after
    assert (east.cluster, east.after) == ("east", None) and east.before


def test_a_manifest_is_shown_as_its_user_wrote_it():
    [found] = previews(binding("east"), Policies())

    assert yaml_of(found.after) == (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: default\ndata:\n  color: red\n"
    )
