import pytest


def required(*terms):
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}


def expression(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def test_the_node_selector_has_to_match(build, place):
    cluster = place(build.node("a"), build.node("b", labels={"disk": "ssd"}))

    assert cluster.node_of(build.pod("p", nodeSelector={"disk": "ssd"})) == "b"
    assert cluster.why(build.pod("p", nodeSelector={"disk": "x"})) == (
        "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
    )


@pytest.mark.parametrize(
    ("terms", "node"),
    [
        ([expression("size", "Gt", "5")], "big"),
        ([expression("size", "NotIn", "9")], "small"),
        ([{}], ""),
        ([expression("size", "In", "1"), expression("size", "In", "9")], "big"),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["small"]}]}], "small"),
    ],
)
def test_required_terms_are_alternatives(build, place, terms, node):
    cluster = place(build.node("big", labels={"size": "9"}), build.node("small", labels={"size": "3"}))

    assert cluster.node_of(build.pod("p", affinity=required(*terms))) == node


def test_preferred_terms_draw(build, place):
    preferred = [{"weight": 10, "preference": expression("disk", "In", "ssd")}]
    pod = build.pod("p", affinity={"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}})

    assert place(build.node("a"), build.node("b", labels={"disk": "ssd"})).node_of(pod) == "b"


def test_a_label_that_comes_later_is_seen(build, place):
    cluster = place(build.node("a"))
    pod = build.pod("p", nodeSelector={"disk": "ssd"})
    assert cluster.node_of(pod) == ""

    cluster.cluster.set_node(build.node("a", labels={"disk": "ssd"}))

    assert cluster.node_of(pod) == "a"
