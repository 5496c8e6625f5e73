from __future__ import annotations

import re

import pytest

from sampan_pki.issuing import Authority, Leaf, identity_of, key_hashes, new_authority, new_request
from sampan_pki.requests import read_request, require_signature


def test_a_request_asks_for_a_user_groups_and_names_with_a_key_of_its_own():
    pem, key = new_request("system:node:a", ("system:nodes",), ("a", "192.0.2.1"))

    found = read_request(pem)
    require_signature(found)
    assert (found.common_name, found.organizations) == ("system:node:a", ("system:nodes",))
    assert (found.dns_names, found.addresses) == (("a",), ("192.0.2.1",))
    assert key.startswith(b"-----BEGIN PRIVATE KEY-----")


def test_an_authority_is_pinned_by_its_public_key():
    one, other = (new_authority("sampan-ca", days=1)[0] for _ in range(2))

    (digest,) = key_hashes(one)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest)
    assert key_hashes(one + other) == [digest, *key_hashes(other)]
    with pytest.raises(ValueError, match=r"(?i)pem"):
        key_hashes(b"nothing")


def test_what_a_certificate_says_is_read():
    authority = Authority(*new_authority("sampan-ca", days=10))
    plain, _ = authority.issue(Leaf("jane", ("dev", "ops")), days=2)
    named, _ = authority.issue(Leaf("a", (), ("a", "192.0.2.1"), server=True), days=2)

    user, groups, names, begins, ends = identity_of(plain)
    assert (user, groups, names) == ("jane", ("dev", "ops"), ())
    assert ends - begins == pytest.approx(2 * 86400 + 300, abs=5)
    assert identity_of(named)[2] == ("a", "192.0.2.1")
