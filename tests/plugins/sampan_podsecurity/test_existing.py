from itertools import count

from sampan_podsecurity.existing import MOST, one_of_each_controller, warnings_of
from sampan_podsecurity.policy import Standard

BASE = Standard("baseline")
HEAD = 'existing pods in namespace "a" violate the new PodSecurity enforce level "baseline:latest"'


def pod(name, owner="", **spec):
    metadata = {"name": name}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    return {"metadata": metadata, "spec": {"containers": [], **spec}}


def test_pods_with_the_same_violations_are_told_together():
    pods = [pod("c", hostPID=True), pod("a", hostPID=True), pod("b", hostPID=True), pod("d", hostIPC=True), pod("e")]
    port = pod("p", volumes=[{"name": "v", "hostPath": {}}])

    assert warnings_of("a", BASE, [*pods, port]) == [
        HEAD,
        "a (and 3 other pods): host namespaces",
        "p: hostPath volumes",
    ]


def test_two_pods():
    assert warnings_of("a", BASE, [pod("b", hostPID=True), pod("a", hostPID=True)])[1:] == [
        "a (and 1 other pod): host namespaces"
    ]


def test_nothing_is_said_where_nothing_is_wrong():
    assert warnings_of("a", BASE, [pod("a")]) == []


def test_pods_that_are_alike_are_checked_last():
    pods = [pod("a1", "a"), pod("a2", "a"), pod("b1", "b"), pod("c"), pod("d")]

    assert [each["metadata"]["name"] for each in one_of_each_controller(pods)] == ["a1", "b1", "c", "d", "a2"]


def test_checking_ends_in_time():
    seconds = count(0.0, 0.6)

    found = warnings_of("a", BASE, [pod(f"p{number}") for number in range(9)], lambda: next(seconds))

    assert found == ["new PodSecurity enforce level only checked against the first 2 of 9 existing pods"]


def test_and_after_some_thousand_pods():
    found = warnings_of("a", BASE, [pod("p")] * (MOST + 1), lambda: 0.0)

    assert found == [f"new PodSecurity enforce level only checked against the first {MOST} of {MOST + 1} existing pods"]
