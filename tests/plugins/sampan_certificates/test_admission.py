from __future__ import annotations

import pytest

from sampan.contracts.access import Decision, User
from sampan.contracts.admission import Review
from sampan.errors import Forbidden
from sampan_certificates.admission import CertificateApproval, CertificateSigning, CertificateSubjectRestriction
from sampan_certificates.kind import CERTIFICATE_SIGNING_REQUEST as KIND
from sampan_testing.shelves import Shelf

JANE = User("jane")


class Rights:
    """Allows (verb, signer) pairs."""

    def __init__(self, *pairs):
        self.pairs = pairs

    def __call__(self, asked):
        assert (asked.user, asked.group, asked.resource) == (JANE, "certificates.k8s.io", "signers")
        return (Decision.ALLOW if (asked.verb, asked.name) in self.pairs else Decision.NO_OPINION), ""


def review(operation, new, old=None, subresource=""):
    return Review(operation, KIND, subresource, "", "one", new, old, JANE, False, Shelf())


@pytest.mark.parametrize("name", ["example.com/signer", "example.com/*"])
def test_approving_needs_the_right_for_the_signer_or_its_domain(make, name):
    asked = review("UPDATE", make(), make(), "approval")

    CertificateApproval(Rights(("approve", name))).admit(asked)
    with pytest.raises(
        Forbidden, match=r'user not permitted to approve requests with signerName "example\.com/signer"'
    ):
        CertificateApproval(Rights(("sign", name))).admit(asked)


def test_signing_needs_the_right_where_something_changes(make):
    signed = review("UPDATE", make(status={"certificate": "eA=="}), make(), "status")

    CertificateSigning(Rights(("sign", "example.com/signer"))).admit(signed)
    CertificateSigning(Rights()).admit(review("UPDATE", make(), make(), "status"))
    with pytest.raises(Forbidden, match="user not permitted to sign"):
        CertificateSigning(Rights()).admit(signed)


def test_no_client_certificate_of_masters(make, pem):
    masters = pem("jane", ("dev", "system:masters"))

    CertificateSubjectRestriction().admit(review("CREATE", make(pem=masters)))
    with pytest.raises(Forbidden, match="signer with system:masters group is not allowed"):
        CertificateSubjectRestriction().admit(
            review("CREATE", make(pem=masters, signer="kubernetes.io/kube-apiserver-client"))
        )
