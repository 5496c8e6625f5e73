"""Names of a definition."""

from sampan_crds.validation.naming import check_label, check_names


def test_each_name_is_a_label():
    found = check_names(
        {"plural": "Boats", "singular": "b-", "kind": "Bo at", "shortNames": ["ok", "N"], "categories": ["*"]}, "names"
    )

    assert [each.path for each in found] == [
        "names.plural", "names.singular", "names.kind", "names.shortNames[1]", "names.categories[0]",
    ]  # fmt: skip


def test_kinds_may_have_mixed_case():
    assert list(check_names({"kind": "BoatHouse", "listKind": "BoatHouseList"}, "names")) == []
    assert list(check_names({"kind": "e2e-test-1-crd"}, "names")) == []


def test_nothing_is_no_bad_label():
    assert list(check_label("a", "")) == []
