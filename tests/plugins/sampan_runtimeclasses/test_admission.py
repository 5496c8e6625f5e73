from __future__ import annotations

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden
from sampan_machinery.resources import PODS, RUNTIME_CLASSES
from sampan_runtimeclasses.admission import Overhead, RuntimeClass
from sampan_server.extension.declared import has_a_say
from sampan_testing.shelves import Shelf

POD = Kind(**PODS._asdict())
SANDBOXED = {
    "metadata": {"name": "sandboxed"}, "handler": "s", "overhead": {"podFixed": {"cpu": "100m"}},
    "scheduling": {"nodeSelector": {"pool": "safe"}, "tolerations": [{"key": "safe", "operator": "Exists"}]},
}  # fmt: skip
PLAIN = {"metadata": {"name": "plain"}, "handler": "p"}


def review(spec):
    reader = Shelf([(RUNTIME_CLASSES, SANDBOXED), (RUNTIME_CLASSES, PLAIN)])
    pod = {"metadata": {"name": "web"}, "spec": spec}
    return Review("CREATE", POD, "", "default", "web", pod, None, ANONYMOUS, False, reader)


def admitted(**spec):
    reviewed = review(spec)
    RuntimeClass().admit(reviewed)
    Overhead().admit(reviewed)
    return reviewed.object["spec"]


def test_a_pod_without_a_class_is_left_alone():
    assert admitted() == {}


def test_a_pod_gets_what_its_class_says():
    assert admitted(runtimeClassName="sandboxed", nodeSelector={"a": "b"}, tolerations=[{"key": "x"}]) == {
        "runtimeClassName": "sandboxed", "overhead": {"cpu": "100m"}, "nodeSelector": {"a": "b", "pool": "safe"},
        "tolerations": [{"key": "x"}, {"key": "safe", "operator": "Exists"}],
    }  # fmt: skip


def test_a_class_that_says_nothing_changes_nothing():
    assert admitted(runtimeClassName="plain") == {"runtimeClassName": "plain"}


def test_the_same_overhead_may_be_sent():
    assert admitted(runtimeClassName="sandboxed", overhead={"cpu": "0.1"})["overhead"] == {"cpu": "100m"}


@pytest.mark.parametrize(
    "spec, why",
    [
        ({"runtimeClassName": "absent"}, r'^pods "web" is forbidden: pod rejected: RuntimeClass "absent" not found$'),
        (
            {"runtimeClassName": "sandboxed", "overhead": {"cpu": "1"}},
            "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead$",
        ),
        (
            {"overhead": {"cpu": "1"}},
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead$",
        ),
        (
            {"runtimeClassName": "plain", "overhead": {"cpu": "1"}},
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead$",
        ),
        (
            {"runtimeClassName": "sandboxed", "nodeSelector": {"pool": "open"}},
            r"conflict: runtimeClass.scheduling.nodeSelector\[pool\] = safe; pod.spec.nodeSelector\[pool\] = open$",
        ),
    ],
)
def test_what_contradicts_the_class_is_refused(spec, why):
    with pytest.raises(Forbidden, match=why):
        admitted(**spec)


def test_an_overhead_that_another_rule_set_is_refused():
    with pytest.raises(Forbidden, match="doesn't match"):
        Overhead().admit(review({"runtimeClassName": "sandboxed"}))


@pytest.mark.parametrize("rule", [RuntimeClass, Overhead])
@pytest.mark.parametrize(("sub", "says"), [("", True), ("status", False), ("binding", False)])
def test_subresources_are_not_asked_about(rule, sub, says):
    assert has_a_say(rule(), POD, "CREATE", sub) is says
