"""Objects in another version."""

import pytest

from sampan.errors import InternalError
from sampan_crds.converting import Converter, rename


class Form:
    """A schema that knows some fields, one of them with a default."""

    def __init__(self, *known, default=None):
        self.known, self.value = known, default

    def prune(self, obj):
        return {name: value for name, value in obj.items() if name in ("apiVersion", *self.known)}

    def default(self, obj):
        if self.value is not None:
            obj.setdefault(self.known[0], self.value)


FORMS = {"g/v1": lambda: Form("a", "b", default=1), "g/v2": lambda: Form("a", "c")}


def test_an_object_is_completed_in_its_own_version_and_pruned_in_the_other():
    found = Converter(rename, FORMS).to("g/v2")({"apiVersion": "g/v1", "b": 2, "c": 3})

    assert found == {"apiVersion": "g/v2", "a": 1, "c": 3}


def test_objects_of_the_wanted_version_are_not_sent_and_keep_their_place():
    asked = []

    def strategy(objects, version):
        asked.append(len(objects))
        return rename(objects, version)

    objects = [{"apiVersion": "g/v2", "a": 1}, {"apiVersion": "g/v1", "a": 2}, {"apiVersion": "g/v2", "a": 3}]
    found = Converter(strategy, FORMS).many_to("g/v2")(objects)

    assert [each["a"] for each in found] == [1, 2, 3]
    assert asked == [1]
    assert Converter(strategy, FORMS).convert(objects[:1], "g/v2") == objects[:1]
    assert asked == [1]


def test_a_version_that_is_not_there_is_named():
    with pytest.raises(InternalError, match="from an invalid group/version: g/v0"):
        Converter(rename, FORMS).to("g/v1")({"apiVersion": "g/v0"})
