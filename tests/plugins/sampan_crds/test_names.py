"""Which names definitions get."""

from crd_samples import complete, definition

from sampan_crds.names import namings


def made(plural, kind, *, second=0, accepted=None, **names):
    crd = complete(definition(plural=plural, kind=kind, names=names))
    crd["metadata"]["creationTimestamp"] = f"2026-01-01T00:00:0{second}Z"
    if accepted is not None:
        crd["status"]["acceptedNames"] = accepted
    return crd


def test_names_that_no_definition_has_are_accepted():
    found = namings([made("boats", "Boat", shortNames=["bo"])])["boats.toys.example"]

    assert found.is_good
    assert found.condition == {
        "type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found",
    }  # fmt: skip
    assert found.accepted == {
        "plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList", "shortNames": ["bo"],
    }  # fmt: skip


def test_the_definition_that_was_created_first_has_the_names():
    crds = [made("ships", "Boat", second=2, singular="ship"), made("boats", "Boat", second=1)]

    found = namings(crds)

    assert found["boats.toys.example"].is_good
    late = found["ships.toys.example"]
    assert late.condition["reason"] == "ListKindConflict"
    assert late.condition["message"] == '"BoatList" is already in use'
    assert late.accepted == {"plural": "ships", "singular": "ship"}


def test_accepted_names_stay_with_the_younger_one_too():
    mine = {"plural": "ships", "singular": "ship", "kind": "Boat", "listKind": "BoatList"}
    crds = [made("boats", "Boat", second=1), made("ships", "Boat", second=2, singular="ship", accepted=mine)]

    found = namings(crds)

    assert found["ships.toys.example"].is_good
    assert not found["boats.toys.example"].is_good


def test_a_short_name_that_is_taken_is_named():
    crds = [made("boats", "Boat", second=1), made("ships", "Ship", second=2, shortNames=["boat"])]

    found = namings(crds)["ships.toys.example"]

    assert (found.condition["reason"], found.condition["message"]) == (
        "ShortNamesConflict", '"boat" is already in use',
    )  # fmt: skip
    assert "shortNames" not in found.accepted


def test_names_that_did_not_change_are_not_judged_again():
    accepted = {"plural": "boats", "singular": "boat", "kind": "Boat", "listKind": "BoatList"}
    crd = made("boats", "Boat", accepted=accepted)
    crd["status"]["conditions"] = [{"type": "NamesAccepted", "status": "True"}]

    assert namings([crd])["boats.toys.example"].condition is None
