"""Custom kinds as definitions come and go."""

from crd_samples import CRDS, complete, definition, version

from sampan_crds.converting import rename
from sampan_crds.source import CustomResources


class Reader:
    """Definitions, and how often one was read."""

    def __init__(self):
        self.objects, self.read, self.revision = {}, [], 0

    def put(self, crd):
        self.revision += 1
        crd["metadata"]["resourceVersion"] = str(self.revision)
        self.objects[crd["metadata"]["name"]] = crd

    def revisions(self, resource):
        assert resource == CRDS
        return {("", name): int(crd["metadata"]["resourceVersion"]) for name, crd in self.objects.items()}

    def get(self, resource, name, namespace=""):
        self.read.append(name)
        return self.objects.get(name)


def source():
    reader = Reader()
    return reader, CustomResources(reader, lambda crd: (rename, False))


def test_only_what_has_changed_is_read_and_made_again():
    reader, found = source()
    reader.put(complete(definition()))
    reader.put(complete(definition(plural="ships", kind="Ship")))
    before = found.kinds()
    reader.put(complete(definition(version("v1"), version("v2", storage=False), plural="ships", kind="Ship")))

    after = found.kinds()

    assert reader.read == ["boats.toys.example", "ships.toys.example", "ships.toys.example"]
    assert after[0] is before[0]
    assert [(kind.plural, kind.version) for kind in after] == [("boats", "v1"), ("ships", "v1"), ("ships", "v2")]


def test_a_status_that_was_written_changes_no_kind():
    reader, found = source()
    reader.put(complete(definition()))
    before = found.kinds()
    crd = complete(definition())
    crd["status"]["acceptedNames"] = dict(found._namings["boats.toys.example"].accepted)
    reader.put(crd)

    assert found.kinds() == before


def test_names_of_another_are_not_served():
    reader, found = source()
    first, second = complete(definition()), complete(definition(plural="ships"))
    first["metadata"]["creationTimestamp"], second["metadata"]["creationTimestamp"] = "1", "2"
    reader.put(first)
    reader.put(second)

    kinds = found.kinds()
    found.settled(kinds, ())

    assert [kind.plural for kind in kinds] == ["boats"]
    assert found.outcomes["boats.toys.example"].is_served
    assert not found.outcomes["ships.toys.example"].is_served
    assert found.told.is_set()


def test_what_cannot_be_made_into_kinds_does_not_hold_up_the_others(caplog):
    reader, found = source()
    reader.put(complete(definition()))
    broken = complete(definition(plural="ships", kind="Ship"))
    del broken["spec"]["versions"][0]["name"]
    broken["spec"]["versions"][0]["storage"] = False
    reader.put(broken)

    assert [kind.plural for kind in found.kinds()] == ["boats"]
    assert "cannot be served" in caplog.text


def test_objects_are_removed_with_their_definition():
    reader, found = source()
    reader.put(complete(definition()))
    (kind,) = found.kinds()

    assert not found.removes(kind)

    reader.objects.clear()

    assert found.removes(kind)
