from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan.errors import Conflict, NotFound
from sampan_client import Client
from sampan_federation.execution.applying import MemberObjects, is_sound, words_of
from sampan_federation.execution.deciding import prepared
from sampan_federation.execution.watches import Found
from sampan_federation.interpreter.retention import retained
from sampan_machinery.resources import CONFIG_MAPS, NAMESPACES
from sampan_testing.miniapi import MiniApi

WORK = {"metadata": {"namespace": "karmada-es-east", "name": "w"}}


class NoWatch:
    """Watches that have not synced yet, so that the member is asked."""

    def find(self, resource, name, namespace):
        return Found(False, None)


class Api(MiniApi):
    """A member whose next write of an object is preceded by another's."""

    before = None

    def _answer(self, method, path, query, body):
        if method in ("POST", "PUT") and self.before is not None:
            before, self.before = self.before, None
            before()
        return super()._answer(method, path, query, body)


@pytest.fixture
def api():
    return Api([CONFIG_MAPS, NAMESPACES])


@pytest.fixture
def objects(api):
    return MemberObjects(Client.in_process(api, User("x")), NoWatch())


def wanted(color="red", **annotations):
    metadata = {"name": "c", "namespace": "default", "annotations": annotations}
    return prepared({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"color": color}}, WORK)


def colour(api):
    return api.get(CONFIG_MAPS, "c", "default")["data"]["color"]


def apply(objects, color="red", **more):
    return objects.apply(CONFIG_MAPS, wanted(color), retained, **more)


def change(api, color):
    present = api.get(CONFIG_MAPS, "c", "default")
    api.update(CONFIG_MAPS, {**present, "data": {"color": color}})


def test_it_is_created_updated_and_then_left(api, objects):
    apply(objects)
    assert colour(api) == "red"
    apply(objects, "green")
    assert colour(api) == "green"
    writes = len(api.requests)

    result = apply(objects, "green")

    assert {method for method, _ in api.requests[writes:]} == {"GET"}
    assert result.observed["data"] == {"color": "green"}


def test_drift_is_put_back_and_said(api, objects):
    apply(objects)
    change(api, "blue")

    assert apply(objects).corrected == ["data.color"]
    assert colour(api) == "red"


def test_drift_waits_while_it_may_not_be_put_back(api, objects):
    apply(objects)
    change(api, "blue")

    assert apply(objects, may_correct=lambda: False).waits
    assert colour(api) == "blue"


def test_a_writer_that_was_faster_is_looked_at_again(api, objects):
    apply(objects)
    api.before = lambda: change(api, "blue")

    apply(objects, "green")

    assert colour(api) == "green"


def test_an_object_that_appears_meanwhile_is_not_taken_over(api, objects):
    api.before = lambda: api.create(
        CONFIG_MAPS, {"metadata": {"name": "c", "namespace": "default"}, "data": {"color": "theirs"}}
    )

    assert "already exists" in apply(objects).refused
    assert colour(api) == "theirs"


def test_only_what_is_ours_is_deleted(api, objects):
    assert objects.delete(CONFIG_MAPS, wanted()) is False
    api.create(CONFIG_MAPS, {"metadata": {"name": "c", "namespace": "default"}, "data": {"color": "theirs"}})
    assert objects.delete(CONFIG_MAPS, wanted()) is False
    api.remove(CONFIG_MAPS, "c", "default")
    apply(objects)

    assert objects.delete(CONFIG_MAPS, wanted()) is True
    assert api.get(CONFIG_MAPS, "c", "default") is None


def test_a_released_object_stays_without_marks(api, objects):
    apply(objects)

    objects.release(CONFIG_MAPS, wanted())

    assert "karmada.io/managed" not in (api.get(CONFIG_MAPS, "c", "default")["metadata"].get("labels") or {})
    objects.release(CONFIG_MAPS, wanted())  # it is not ours any more


def test_one_that_is_written_all_the_time_is_given_up_for_now(api, objects):
    apply(objects)

    colors = iter(f"blue {number}" for number in range(100))

    def again():
        change(api, next(colors))
        api.before = again

    api.before = again
    with pytest.raises(Conflict):
        apply(objects, "green")


@pytest.mark.parametrize(
    "garbage",
    [
        {}, {"metadata": []}, {"metadata": {"name": "other"}}, {"metadata": {"name": "c", "labels": [1]}},
        {"metadata": {"name": "c", "annotations": {"a": 1}}}, {"metadata": {"name": "c", "finalizers": "x"}},
        {"metadata": {"name": "c"}, "spec": 3},
    ],
)  # fmt: skip
def test_what_cannot_be_an_object_is_not_taken_for_one(garbage):
    assert not is_sound(garbage, "c")


def test_an_answer_that_is_not_the_object_does_not_count(api, objects, monkeypatch):
    monkeypatch.setattr(api, "create", lambda resource, obj: {"metadata": {"name": "other"}})

    with pytest.raises(ConnectionError, match="not that object"):
        apply(objects)


def test_an_object_and_none_are_sound():
    assert is_sound(None, "c") and is_sound(wanted(), "c")


def test_an_error_is_said_in_its_own_words():
    assert words_of(NotFound("nothing")) == "nothing"
    assert words_of(ConnectionError("away")) == "away"
