from sampan_workloads.templates import (
    HASH_LABEL,
    default_template,
    plain,
    pod_from,
    same_template,
    selector_text,
    validate_selected,
    validate_workload,
    without_hash,
)

CONTAINER = {"name": "main", "image": "nginx"}


def template(labels=None, **spec):
    return {"metadata": {"labels": labels or {"app": "web"}}, "spec": {"containers": [dict(CONTAINER)], **spec}}


def spec(**more):
    found = {"selector": {"matchLabels": {"app": "web"}}, "template": template()}
    default_template({"spec": found})
    return {**found, **more}


def paths(problems):
    return [problem.path for problem in problems]


def test_a_template_gets_a_pods_defaults_and_odd_shapes_are_left():
    obj = {"spec": {"template": template()}}
    default_template(obj)
    assert obj["spec"]["template"]["spec"]["restartPolicy"] == "Always"

    for odd in ({"spec": {"template": "x"}}, {"spec": {"template": {"spec": "x"}}}, {"spec": 1}, {}):
        default_template(odd)


def test_a_whole_workload_has_no_problems():
    assert validate_workload({"spec": spec(replicas=3)}, None) == []


def test_numbers_and_the_selector_are_checked():
    assert paths(validate_workload({"spec": spec(replicas=-1, minReadySeconds=-1)}, None)) == [
        "spec.replicas",
        "spec.minReadySeconds",
    ]
    changed = {
        "spec": spec(
            selector={"matchLabels": {"app": "web", "tier": "x"}}, template=template({"app": "web", "tier": "x"})
        )
    }
    assert "spec.selector" in paths(validate_workload(changed, {"spec": spec()}))


def test_the_template_must_match_the_selector():
    assert "spec.template.metadata.labels" in paths(validate_selected(spec(template=template({"app": "db"}))))
    assert "spec.selector" in paths(validate_selected(spec(selector=None)))
    assert "spec.selector" in paths(validate_selected(spec(selector={})))


def test_a_pod_is_made_of_the_template_and_owned():
    owner = {
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "w" * 70, "namespace": "shop", "uid": "1"},
    }  # fmt: skip
    made = pod_from(template(), owner, "abcde")

    assert made["metadata"]["name"] == "w" * 58 + "abcde"
    assert made["metadata"]["labels"] == {"app": "web"}
    assert made["metadata"]["ownerReferences"][0]["uid"] == "1"
    assert made["spec"]["containers"] == [CONTAINER]


def test_templates_are_compared_without_the_hash_and_what_is_empty():
    hashed = template({"app": "web", HASH_LABEL: "1234"})
    hashed["metadata"]["creationTimestamp"] = None

    assert same_template(hashed, template())
    assert not same_template(template(), template(hostNetwork=True))
    assert without_hash(hashed) == template()
    assert plain({"a": None, "b": [], "c": [{"creationTimestamp": 1, "d": 0}]}) == {"c": [{"d": 0}]}


def test_a_selector_reads_as_kubectl_writes_it():
    assert selector_text({"spec": spec()}) == "app=web"
