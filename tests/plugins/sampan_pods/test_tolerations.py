from types import SimpleNamespace

import pytest

from sampan_pods.tolerations import KEYS, DefaultTolerations


def admitted(tolerations=(), *, plural="pods", subresource=""):
    obj = {"spec": {"tolerations": list(tolerations)}} if tolerations else {"spec": {}}
    DefaultTolerations().admit(
        SimpleNamespace(kind=SimpleNamespace(plural=plural, group=""), subresource=subresource, object=obj)
    )
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


def test_other_kinds_and_subresources_are_left_alone():
    assert admitted(plural="podtemplates") == admitted(subresource="status") == []
