from __future__ import annotations

from sampan_rbac.restoring import AUTOUPDATE, restored

READ, WRITE = {"verbs": ["get"], "resources": ["pods"]}, {"verbs": ["update"], "resources": ["pods"]}


def role(*rules, auto="true", **more):
    return {"metadata": {"name": "view", "annotations": {AUTOUPDATE: auto}}, "rules": list(rules), **more}


def test_a_default_role_gets_back_what_it_lacks_and_keeps_what_was_added():
    mine = {"verbs": ["list"], "resources": ["secrets"]}
    current = role(mine, READ)

    assert restored(current, role(READ, WRITE)) == role(mine, READ, WRITE)
    assert current == role(mine, READ)


def test_subjects_are_restored_likewise():
    wanted = role(subjects=[{"kind": "Group", "name": "a"}])

    assert restored(role(), wanted)["subjects"] == wanted["subjects"]


def test_one_that_lacks_nothing_is_left_alone():
    assert restored(role(READ, WRITE), role(READ)) is None


def test_one_whose_annotation_was_taken_back_is_left_alone():
    assert restored(role(auto="false"), role(READ)) is None
    assert restored({"metadata": {"name": "view"}}, role(READ)) is None
