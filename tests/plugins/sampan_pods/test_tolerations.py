from types import SimpleNamespace

import pytest

from sampan.contracts.kinds import Kind
from sampan_pods.tolerations import KEYS, DefaultTolerations
from sampan_server.write.admission import Admitters


def admitted(tolerations=()):
    obj = {"spec": {"tolerations": list(tolerations)}} if tolerations else {"spec": {}}
    DefaultTolerations().admit(SimpleNamespace(object=obj))
    return obj["spec"].get("tolerations", [])


def test_a_pod_tolerates_both_for_five_minutes():
    assert [(each["key"], each["tolerationSeconds"]) for each in admitted()] == [(key, 300) for key in KEYS]


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ({"key": KEYS[0], "operator": "Exists", "effect": "NoExecute"}, [KEYS[1]]),
        ({"key": KEYS[0], "operator": "Exists"}, [KEYS[1]]),
        ({"operator": "Exists"}, []),
        ({"key": KEYS[0], "operator": "Exists", "effect": "NoSchedule"}, list(KEYS)),
    ],
)
def test_what_the_pod_says_itself_counts(own, added):
    found = admitted([own])

    assert found[0] == own
    assert [each["key"] for each in found[1:]] == added


@pytest.mark.parametrize(
    ("plural", "subresource", "asked"), [("pods", "", True), ("podtemplates", "", False), ("pods", "status", False)]
)
def test_it_is_asked_of_pods_alone(plural, subresource, asked):
    kind = Kind(group="", version="v1", kind="Any", plural=plural, singular="any")

    assert bool(Admitters([DefaultTolerations()]).of(kind, "CREATE", subresource)) is asked
