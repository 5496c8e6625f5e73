import threading

import pytest

from sampan_scheduler.extenders.asking import Answers, Extenders
from sampan_scheduler.extenders.calls import ExtenderFailed, Victims
from sampan_webhookclient.failures import CallFailed

POD = {"metadata": {"name": "p", "namespace": "default", "uid": "u"}, "spec": {"containers": []}}


def answers(*names):
    return Answers(asked={name: {"metadata": {"name": name}} for name in names})


def lets(*names):
    return lambda asked: {"Nodes": {"items": [{"metadata": {"name": name}} for name in names]}}


def names_of(asked):
    return [node["metadata"]["name"] for node in asked["Nodes"]["items"]]


def test_each_is_asked_about_what_those_before_it_left(web, extending, extender):
    web.answers |= {"http://a/filter": lets("n", "m"), "http://b/filter": lets("m")}
    found = answers("n", "m", "o")

    assert extending(extender("a"), extender("b")).ask(POD, found) == ""

    assert found.given and set(found.refused) == {"n", "o"}
    assert [names_of(asked) for _, asked in web.asked] == [["n", "m", "o"], ["n", "m"]]


def test_no_extender_is_asked_about_nothing(web, extending, extender):
    web.answers["http://a/filter"] = lets()
    found = answers("n")

    assert extending(extender("a", prioritize_verb="score", weight=1), extender("b")).ask(POD, found) == ""

    assert web.verbs() == ["filter"]


def test_one_that_fails_fails_the_pod_unless_it_may_be_ignored(web, extending, extender):
    found = answers("n")

    assert extending(extender("a")).ask(POD, found) == 'Post "http://a/filter": connection refused'
    assert not found.given
    assert extending(extender("a", ignorable=True)).ask(POD, found) == ""
    assert found.given and not found.refused


def test_points_that_fail_are_ignored(web, extending, extender):
    web.answers |= {"http://b/score": [{"Host": "n", "Score": 3}]}
    found = answers("n", "m")
    scoring = {"filter_verb": "", "prioritize_verb": "score", "weight": 1}

    assert extending(extender("a", **scoring), extender("b", **scoring)).ask(POD, found) == ""

    assert found.points == {"extender http://a": {}, "extender http://b": {"n": 3}}


def preempt(extenders, **victims):
    pods = {name: Victims(tuple({"metadata": {"uid": uid}} for uid in uids)) for name, uids in victims.items()}
    present = {name: {uid: {"metadata": {"uid": uid}} for uid in (*uids, "more")} for name, uids in victims.items()}
    return extenders.preempt(POD, pods, present)


def meta(**victims):
    return {"NodeNameToMetaVictims": {name: {"Pods": [{"UID": uid} for uid in uids]} for name, uids in victims.items()}}


def test_victims_may_be_others_that_are_there(web, extending, extender):
    web.answers["http://a/preempt"] = meta(n=["v", "more"])

    found = preempt(extending(extender(preempt_verb="preempt"), extender("b")), n=["v"], m=["w"])

    assert {name: [pod["metadata"]["uid"] for pod in each.pods] for name, each in found.items()} == {"n": ["v", "more"]}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (meta(n=[]), 'expected at least one victim pod on node "n"'),
        (meta(n=["strange"]), "claims to preempt pod (UID: strange) on node: n, but the pod is not found on that node"),
        (CallFailed("refused"), "refused"),
    ],
)
def test_victims_that_are_none_fail_unless_the_extender_may_be_ignored(web, extending, extender, answer, text):
    web.answers["http://a/preempt"] = answer

    with pytest.raises(ExtenderFailed) as raised:
        preempt(extending(extender(preempt_verb="preempt")), n=["v"])

    assert text in str(raised.value)
    ignored = preempt(extending(extender(preempt_verb="preempt", ignorable=True)), n=["v"])
    assert set(ignored) == (set() if answer == meta(n=[]) else {"n"})


def test_extenders_of_other_pods_have_threads_of_their_own(web, extender):
    gpu, nic = (extender(name, managed=frozenset({f"a.b/{name}"})) for name in ("gpu", "nic"))
    found, hangs, done = Extenders([gpu, nic], client=web), threading.Event(), threading.Event()
    pods = [{"spec": {"containers": [{"resources": {"limits": {f"a.b/{name}": "1"}}}]}} for name in ("gpu", "nic")]
    try:
        for _ in range(100):
            found.submit(pods[0], hangs.wait)
        found.submit(pods[1], done.set)

        assert done.wait(60)
    finally:
        hangs.set()
        found.close()
