from __future__ import annotations

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.contracts.reconciling import Create, Key, Patch
from sampan_accounts.provisions import Provision, keep_account, keep_root_ca, namespace_of, root_ca
from sampan_machinery.resources import CONFIG_MAPS as CONFIGMAPS
from sampan_machinery.resources import NAMESPACES
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS
from sampan_testing.shelves import Shelf

NAMESPACE = Kind(group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False)
KEY = Key("", "a")


def shelf(*objects, **metadata):
    return Shelf([(NAMESPACES, {"metadata": {"name": "a", **metadata}}), *objects])


def test_a_namespace_is_made_with_its_account_and_certificate():
    review = Review("CREATE", NAMESPACE, "", "", "a", {}, None, ANONYMOUS, False, Shelf())

    Provision(lambda: "PEM").admit(review)

    assert [(made["kind"], made["metadata"]["namespace"]) for made in review.also_create] == [
        ("ServiceAccount", "a"),
        ("ConfigMap", "a"),
    ]


def test_a_missing_account_is_put_back():
    assert [type(action) for action in keep_account(KEY, shelf())] == [Create]


def test_an_account_that_is_there_is_left_alone():
    there = (ACCOUNTS, {"metadata": {"name": "default", "namespace": "a"}})

    assert list(keep_account(KEY, shelf(there))) == []


def test_an_ending_or_absent_namespace_gets_nothing():
    ending = shelf(deletionTimestamp="2026-01-01T00:00:00Z")

    for observed in (ending, Shelf()):
        assert list(keep_account(KEY, observed)) == []
        assert list(keep_root_ca("PEM")(KEY, observed)) == []


def test_a_missing_certificate_is_put_back():
    assert list(keep_root_ca("PEM")(KEY, shelf())) == [Create(CONFIGMAPS, root_ca("a", "PEM"))]


def test_a_changed_certificate_is_put_right():
    changed = root_ca("a", "PEM")
    changed["data"] = {"ca.crt": "other", "more": "x"}

    (action,) = keep_root_ca("PEM")(KEY, shelf((CONFIGMAPS, changed)))

    assert isinstance(action, Patch)
    assert action.patch["data"] == {"ca.crt": "PEM", "more": None}


def test_a_right_certificate_is_left_alone():
    assert list(keep_root_ca("PEM")(KEY, shelf((CONFIGMAPS, root_ca("a", "PEM"))))) == []


def test_only_our_objects_concern_their_namespace():
    assert list(namespace_of({"metadata": {"name": "default", "namespace": "a"}}, Shelf())) == [KEY]
    assert list(namespace_of({"metadata": {"name": "x", "namespace": "a"}}, Shelf())) == []
