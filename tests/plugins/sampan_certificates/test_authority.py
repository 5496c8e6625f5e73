from __future__ import annotations

import pytest

import sampan_pki as pki
from sampan_certificates.authority import ClusterAuthority, end_of, read

NOW = 1_800_000_000.0


def test_a_certificate_is_signed_with_the_files_of_the_directory(tmp_path, pem):
    known = ClusterAuthority(tmp_path)
    assert not known.is_there()
    pki.ensure(tmp_path)
    assert known.is_there()

    made = known.issue(pem(), ["client auth"], NOW, NOW + 3600)

    assert end_of(made) == NOW + 3600


def test_what_is_no_request_is_a_value_error():
    with pytest.raises(ValueError, match="PEM block type must be CERTIFICATE REQUEST"):
        read(b"nothing")
