from __future__ import annotations

from collections import Counter

from sampan.contracts.access import User
from sampan_client import Client
from sampan_federation.execution.watches import MemberWatches, kept, work_of
from sampan_federation.interpreter.kinds import KindName
from sampan_federation.works.names import WORK_NAME, WORK_NAMESPACE
from sampan_machinery.resources import CONFIG_MAPS
from sampan_testing.cluster import until
from sampan_testing.miniapi import MiniApi

ES = "karmada-es-east"


def config(name, **annotations):
    metadata = {"name": name, "namespace": "default", "annotations": annotations, "managedFields": [{}]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def ours(name):
    return config(name, **{WORK_NAMESPACE: ES, WORK_NAME: name})


def test_objects_are_found_and_changes_told_to_their_works():
    api, told = MiniApi([CONFIG_MAPS]), []
    api.create(CONFIG_MAPS, ours("a"))
    watches = MemberWatches(ES, Client.in_process(api, User("x")), told.append)
    try:
        until(lambda: watches.find(CONFIG_MAPS, "a", "default").obj, 30)
        found = watches.find(CONFIG_MAPS, "a", "default")

        assert found.known and found.obj["data"] == {"a": "b"}
        assert "managedFields" not in found.obj["metadata"]
        assert watches.find(CONFIG_MAPS, "b", "default") == (True, None)
        api.create(CONFIG_MAPS, ours("b"))
        until(lambda: (ES, "b") in told, 30)
    finally:
        watches.close()


def test_kinds_that_are_not_needed_are_not_watched_any_more():
    api = MiniApi([CONFIG_MAPS])
    watches = MemberWatches(ES, Client.in_process(api, User("x")), lambda work: None)
    try:
        watches.find(CONFIG_MAPS, "a", "default")
        watches.keep_only(Counter({KindName("v1", "ConfigMap"): 1}))
        assert list(watches.kinds) == [CONFIG_MAPS]

        watches.keep_only(Counter())

        assert list(watches.kinds) == []
    finally:
        watches.close()


def test_an_object_speaks_only_for_works_of_its_own_member():
    assert work_of(ours("a"), ES) == (ES, "a")
    assert work_of(ours("a"), "karmada-es-west") is None
    assert work_of(config("a"), ES) is None
    assert work_of(config("a", **{WORK_NAMESPACE: ES, WORK_NAME: ["x"]}), ES) is None


def test_what_is_stored_has_the_marks_and_the_bytes():
    stored = kept({**ours("a"), "status": {"x": 1}})

    assert stored["metadata"]["annotations"] == {WORK_NAMESPACE: ES, WORK_NAME: "a"}
    assert b'"status":{"x":1}' in stored["raw"]
    assert kept({"metadata": {"name": "a", "annotations": "garbage"}})["metadata"] == {"name": "a", "annotations": {}}
