"""Pod templates: what a pod made from one looks like, which ones are equal, and what is wrong with one."""

from sampan_podspec.templates import default_template, pod_from, same_template, validate_workload, without_hash

OWNER = {
    "kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": {"name": "web", "namespace": "default", "uid": "u1"},
}  # fmt: skip


def template(**labels):
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


def test_a_pod_has_the_templates_metadata_a_name_and_its_controller():
    made = pod_from(
        {**template(app="web"), "metadata": {"labels": {"app": "web"}, "annotations": {"a": "b"}}}, OWNER, "x1"
    )

    metadata = made["metadata"]
    assert (metadata["name"], metadata["generateName"], metadata["namespace"]) == ("web-x1", "web-", "default")
    assert (metadata["labels"], metadata["annotations"]) == ({"app": "web"}, {"a": "b"})
    assert metadata["ownerReferences"][0]["controller"] is True


def test_a_pods_name_stays_within_63_characters():
    owner = {**OWNER, "metadata": {**OWNER["metadata"], "name": "w" * 80}}

    assert len(pod_from(template(), owner, "12345")["metadata"]["name"]) == 63


def test_changing_a_pod_leaves_the_template_as_it_is():
    source = template(app="web")

    pod_from(source, OWNER, "a")["spec"]["containers"][0]["image"] = "changed"

    assert source["spec"]["containers"][0]["image"] == "i"


def test_templates_are_equal_but_for_hash_nulls_and_creation_times():
    hashed = template(**{"app": "web", "pod-template-hash": "abc"})
    hashed["metadata"]["creationTimestamp"] = None

    assert same_template(hashed, template(app="web"))
    assert not same_template(hashed, template(app="db"))
    assert "pod-template-hash" in hashed["metadata"]["labels"]
    assert without_hash(hashed)["metadata"]["labels"] == {"app": "web"}


def test_defaults_fill_in_a_template_of_whatever_shape():
    empty, odd = {"spec": {}}, {"spec": {"template": []}}

    default_template(empty)
    default_template(odd)

    assert empty["spec"]["template"]["spec"]["restartPolicy"] == "Always"
    assert odd == {"spec": {"template": []}}


def test_a_selector_that_does_not_match_the_template_and_one_that_changes_are_refused():
    def workload(selected, labelled):
        made = {"spec": {"selector": {"matchLabels": {"app": selected}}, "template": template(app=labelled)}}
        default_template(made)
        return made

    fine = workload("web", "web")

    assert list(validate_workload(fine, None)) == []
    assert [each.path for each in validate_workload(workload("web", "db"), None)] == ["spec.template.metadata.labels"]
    assert "spec.selector" in [each.path for each in validate_workload(workload("db", "db"), fine)]
