"""Patterns are RE2's."""

from sampan_crds.validation.patterns import complaint_of


def test_what_go_reads_is_fine():
    assert complaint_of("^[[:alpha:]]+$") == ""


def test_what_go_does_not_read_is_told():
    assert "error parsing regexp" in complaint_of("(?=a)")
    assert complaint_of("(") != ""
