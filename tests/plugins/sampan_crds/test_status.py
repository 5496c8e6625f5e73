"""What a definition's status says."""

from crd_samples import complete, definition

from sampan_crds import status
from sampan_crds.names import namings

NOW = "2026-01-01T00:00:00Z"


def decided(crd, *, is_served=True, wrong="", naming=None):
    naming = naming or namings([crd])[crd["metadata"]["name"]]
    return status.decide(crd, naming, is_served=is_served, wrong=wrong, now=NOW)


def conditions(crd):
    return {each["type"]: (each["status"], each["reason"]) for each in crd["status"]["conditions"]}


def test_what_is_served_is_established():
    found = decided(complete(definition()))

    assert conditions(found) == {
        "NamesAccepted": ("True", "NoConflicts"), "Established": ("True", "InitialNamesAccepted"),
    }  # fmt: skip
    assert found["status"]["acceptedNames"]["listKind"] == "BoatList"


def test_nothing_is_written_twice():
    crd = decided(complete(definition()))

    assert decided(crd) is None


def test_what_is_not_served_yet_is_installing():
    assert conditions(decided(complete(definition()), is_served=False))["Established"] == ("False", "Installing")


def test_names_of_another_are_not_accepted():
    other = decided(complete(definition()))
    crd = complete(definition(plural="ships", names={"singular": "ship"}))
    naming = namings([other, crd])["ships.toys.example"]

    found = decided(crd, is_served=False, naming=naming)

    assert conditions(found) == {
        "NamesAccepted": ("False", "ListKindConflict"), "Established": ("False", "NotAccepted"),
    }  # fmt: skip


def test_a_schema_that_cannot_be_used_is_said():
    found = decided(complete(definition()), is_served=False, wrong="the schema is odd")

    assert conditions(found)["NonStructuralSchema"] == ("True", "Violations")
    assert "NonStructuralSchema" not in conditions(decided(found))


def test_what_is_established_stays_so():
    crd = decided(complete(definition()))

    assert decided(crd, is_served=False) is None
