import pytest

from sampan_scheduler.extenders.calls import Asker, Chosen, ExtenderFailed, Victims
from sampan_scheduling.contracts import Verdict
from sampan_webhookclient.responses import Reply

POD = {"metadata": {"name": "p", "namespace": "default", "uid": "u"}, "spec": {}}
NODES = [{"metadata": {"name": name}} for name in ("n", "m", "o")]


@pytest.fixture
def asker(web, extender):
    return lambda **more: Asker(extender(prioritize_verb="score", weight=2, preempt_verb="preempt", bind_verb="bind",
                                         **more), web)  # fmt: skip


def test_whole_nodes_go_and_those_that_will_do_come_back(web, asker):
    web.answers["http://a/filter"] = {
        "Nodes": {"items": [NODES[0]]}, "FailedNodes": {"m": "no gpu"}, "FailedAndUnresolvableNodes": {"o": "never"},
    }  # fmt: skip

    refused = asker().filter(POD, NODES)

    assert refused == {
        "m": Verdict("no gpu", False, (), "extender http://a"), "o": Verdict("never", True, (), "extender http://a"),
    }  # fmt: skip
    assert web.asked == [
        ("http://a/filter", {"Pod": POD, "Nodes": {"metadata": {}, "items": NODES}, "NodeNames": None})
    ]
    assert web.last.agent == "kube-scheduler" and web.last.seconds == 5.0


def test_an_extender_that_knows_the_nodes_is_told_names(web, asker):
    web.answers["http://a/filter"] = {"nodenames": ["n", "m"]}

    refused = asker(knows_nodes=True).filter(POD, NODES)

    assert web.asked[0][1] == {"Pod": POD, "Nodes": None, "NodeNames": ["n", "m", "o"]}
    assert refused == {"o": Verdict("node(s) were left out by extender http://a", True, (), "extender http://a")}


def test_no_node_may_be_left(web, asker):
    web.answers["http://a/filter"] = {"NodeNames": [], "FailedNodes": dict.fromkeys("nmo", "full")}

    assert {each.reason for each in asker(knows_nodes=True).filter(POD, NODES).values()} == {"full"}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"Error": "no idea"}, "extender http://a: no idea"),
        ({"NodeNames": ["x"]}, "extender http://a: it names node 'x', which it was not asked about"),
        ({"Nodes": {"items": [{}]}, "NodeNames": None}, "extender http://a: its answer has nodes without names"),
        ([], "extender http://a: its answer to filter is list, not dict"),
        (Reply(500, b""), "failed filter with extender at URL http://a/filter, code 500"),
        (Reply(200, b"{"), "extender http://a: its answer to filter cannot be read: "),
    ],
)
def test_what_cannot_be_used_is_a_failure(web, asker, answer, text):
    web.answers["http://a/filter"] = answer

    with pytest.raises(ExtenderFailed) as raised:
        asker(knows_nodes=True).filter(POD, NODES)

    assert str(raised.value).startswith(text)


def test_points_come_by_node_whatever_the_case_of_the_fields(web, asker):
    web.answers["http://a/score"] = [{"Host": "n", "Score": 7}, {"host": "m", "score": 1}]

    assert asker().prioritize(POD, NODES) == {"n": 7, "m": 1}


@pytest.mark.parametrize("knows", [True, False])
def test_victims_go_as_pods_or_as_uids_and_come_back_as_uids(web, asker, knows):
    web.answers["http://a/preempt"] = {"NodeNameToMetaVictims": {"n": {"Pods": [{"UID": "v"}], "NumPDBViolations": 1}}}
    victim = {"metadata": {"uid": "v", "name": "v"}}

    chosen = asker(knows_nodes=knows).preempt(POD, {"n": Victims((victim,), 1)})

    assert chosen == {"n": Chosen(("v",), 1)}
    asked = web.asked[0][1]
    sent = asked["NodeNameToMetaVictims" if knows else "NodeNameToVictims"]
    assert sent == {"n": {"Pods": [{"UID": "v"} if knows else victim], "NumPDBViolations": 1}}
    assert asked["NodeNameToVictims" if knows else "NodeNameToMetaVictims"] is None


def test_a_binding_is_asked_for_and_may_be_refused(web, asker):
    web.answers["http://a/bind"] = {}
    asker().bind(POD, "n")
    assert web.asked[0][1] == {"PodName": "p", "PodNamespace": "default", "PodUID": "u", "Node": "n"}

    web.answers["http://a/bind"] = {"Error": "too late"}
    with pytest.raises(ExtenderFailed, match="too late"):
        asker().bind(POD, "n")
