from __future__ import annotations

from sampan_serving.subjects import subject_of

CERTIFICATE = {
    "subject": (
        (("organizationName", "system:masters"),),
        (("organizationName", "team"), ("commonName", "jane")),
        (("countryName", "CH"),),
    )
}


def test_names_and_organizations_are_told_apart():
    found = subject_of(CERTIFICATE)

    assert found.names == {"jane"}
    assert found.organizations == {"system:masters", "team"}


def test_no_certificate_has_no_names():
    for nothing in (None, {}, {"subject": ()}):
        assert subject_of(nothing) == (frozenset(), frozenset())
