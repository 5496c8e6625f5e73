from __future__ import annotations

from sampan.contracts.kinds import Resource
from sampan_federation.kinds.definitions import Definition, Printed
from sampan_federation.kinds.schemas import record, text

BOAT = Resource("example.com", "v1", "boats", "Boat")


def test_a_definition_becomes_a_manifest():
    columns = (Printed("NAME", ".spec.name"), Printed("MORE", ".spec.more", wide=True))
    made = Definition(resource=BOAT, spec=record({"name": text()}), status=record({}), short=("bo",), columns=columns)
    found = made.manifest()

    assert found["metadata"]["name"] == "boats.example.com"
    assert found["spec"]["names"]["shortNames"] == ["bo"]
    [version] = found["spec"]["versions"]
    assert version["subresources"] == {"status": {}}
    assert [column.get("priority", 0) for column in version["additionalPrinterColumns"]] == [0, 1]
    assert version["schema"]["openAPIV3Schema"]["required"] == ["spec"]


def test_a_kind_without_spec_requires_none():
    [version] = Definition(resource=BOAT, spec=None).manifest()["spec"]["versions"]

    assert "required" not in version["schema"]["openAPIV3Schema"]
    assert "subresources" not in version
