"""What changes, and what is pruned, in the versions of managers: ``v2`` calls ``size`` what ``v1`` calls ``count``."""

from __future__ import annotations

from sampan_machinery.apply.managers import APPLY, UPDATE, Entry, Identity
from sampan_machinery.apply.versions import Changes, View, pruned

NAMES = {"v1": "count", "v2": "size"}
COUNT, SIZE, NAME = ({"f:spec": {f"f:{name}": {}}} for name in ("count", "size", "name"))


def thing(version="v1", **spec):
    return {"apiVersion": version, "metadata": {}, "spec": spec}


def convert(obj, version):
    if version not in NAMES:
        return None
    spec = {NAMES[version] if name in NAMES.values() else name: value for name, value in obj["spec"].items()}
    return View(thing(version, **spec), None)


def changes(converter=convert):
    return Changes("v1", View(thing(count=1), None), View(thing(count=2, name="a"), None), converter)


def entry(fields, version):
    return Entry(fields, "", version)


def by(name, operation=APPLY, version=""):
    return Identity(name, operation, version, "")


def test_a_change_has_the_names_of_each_version():
    found = changes()

    assert found.of("v1")[0] == {"f:spec": {"f:count": {}, "f:name": {}}} == found.own[0]
    assert found.of("v2")[0] == {"f:spec": {"f:size": {}, "f:name": {}}}
    assert found.of("v0") is None


def test_without_a_conversion_all_have_the_fields_of_one_version():
    found = changes(None)

    assert found.of("v2") == found.own


def test_what_was_applied_in_another_version_goes_unless_another_manager_has_it():
    merged = View(thing(count=1, name="a"), None)
    mine = {by("me"): entry(NAME, "v1")}
    others = mine | {by("you", UPDATE, "v2"): entry(SIZE, "v2")}

    assert pruned(merged, SIZE, "v2", mine, "v1", convert)["spec"] == {"name": "a"}
    assert pruned(merged, SIZE, "v2", others, "v1", convert)["spec"] == {"count": 1, "name": "a"}


def test_what_is_owned_in_another_version_is_given_back():
    merged = View(thing(count=1, name="a"), None)
    known = {by("me"): entry(NAME, "v1"), by("you", UPDATE, "v2"): entry(SIZE, "v2")}

    assert pruned(merged, COUNT, "v1", known, "v1", convert)["spec"] == {"count": 1, "name": "a"}


def test_what_was_applied_in_a_version_that_is_gone_stays():
    merged = View(thing(count=1), None)

    assert pruned(merged, COUNT, "v0", {by("me"): entry(NAME, "v1")}, "v1", convert) == merged.obj
