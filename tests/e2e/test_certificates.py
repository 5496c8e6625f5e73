"""kubectl, unmodified, on CertificateSigningRequests; the certificate that comes of one lets its owner in."""

from __future__ import annotations

import base64
import json

import pytest
from clusters import Cluster
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

pytestmark = pytest.mark.kubectl
SIGNER = "kubernetes.io/kube-apiserver-client"


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def requested(name: str, key: ec.EllipticCurvePrivateKey) -> dict:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM)
    spec = {
        "request": base64.b64encode(pem).decode(), "signerName": SIGNER, "usages": ["client auth"],
        "expirationSeconds": 3600,
    }  # fmt: skip
    return {
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": name},
        "spec": spec,
    }  # fmt: skip


def test_an_approved_request_becomes_an_identity(cluster, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    cluster.apply(requested("csr-jane", key))
    try:
        row = cluster.kubectl("get", "csr", "csr-jane", "--no-headers").split()
        assert row[2:] == [SIGNER, "kubernetes-admin", "60m", "Pending"]

        assert "csr-jane approved" in cluster.kubectl("certificate", "approve", "csr-jane")
        cluster.kubectl("wait", "--for=jsonpath={.status.certificate}", "csr/csr-jane", "--timeout=120s")
        assert cluster.kubectl("get", "csr", "csr-jane", "--no-headers").split()[-1] == "Approved,Issued"

        certificate = tmp_path / "jane.crt"
        certificate.write_bytes(base64.b64decode(cluster.get("csr", "csr-jane")["status"]["certificate"]))
        file = tmp_path / "jane.key"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        as_jane = (f"--client-certificate={certificate}", f"--client-key={file}")
        who = json.loads(cluster.kubectl("auth", "whoami", "-o", "json", *as_jane))
        assert who["status"]["userInfo"]["username"] == "csr-jane"
    finally:
        cluster.kubectl("delete", "csr", "csr-jane")


def test_a_denied_request_is_not_signed(cluster):
    cluster.apply(requested("csr-mallory", ec.generate_private_key(ec.SECP256R1())))
    try:
        cluster.kubectl("certificate", "deny", "csr-mallory")

        assert cluster.kubectl("get", "csr", "csr-mallory", "--no-headers").split()[-1] == "Denied"
        said = cluster.kubectl("certificate", "approve", "csr-mallory", check=False)
        assert "Approved and Denied conditions are mutually exclusive" in said or "already" in said
    finally:
        cluster.kubectl("delete", "csr", "csr-mallory")
