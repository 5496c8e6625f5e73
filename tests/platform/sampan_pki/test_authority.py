from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sampan.errors import ConfigError
from sampan_pki import authority, client_certificate, ensure, issuing

NODE = {"node_name": "n1", "node_ips": ["10.0.0.7"], "service_ip": "10.96.0.1"}


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_first_start_writes_exactly_the_documented_files(tmp_path):
    ensure(tmp_path, **NODE)

    pairs = {
        "ca",
        "server",
        "front-proxy-ca",
        "front-proxy-client",
        "nginx-client",
        "kubelet",
        "apiserver-kubelet-client",
    }
    assert {path.name for path in tmp_path.iterdir()} == {
        *(name + end for name in pairs for end in (".crt", ".key")),
        "encryption.keys",
        "sa.key",
        "sa.pub",
        "verified.json",
    }


def test_keys_are_for_the_owner_only(tmp_path):
    ensure(tmp_path, **NODE)

    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")} == {0o600}


def test_the_server_certificate_has_all_names(tmp_path):
    ensure(tmp_path, names=["api.example"], domain="cluster.test", **NODE)

    found = load(tmp_path / "server.crt").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))} == {
        "127.0.0.1", "::1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.test", "10.0.0.7", "10.96.0.1", "api.example", "n1",
    }  # fmt: skip


def test_every_leaf_is_signed_by_its_authority_and_fits_its_key(tmp_path):
    ensure(tmp_path, **NODE)

    for name, issuer in (("server", "ca"), ("kubelet", "ca"), ("front-proxy-client", "front-proxy-ca")):
        leaf = load(tmp_path / f"{name}.crt")
        leaf.verify_directly_issued_by(load(tmp_path / f"{issuer}.crt"))
        key = load_pem_private_key((tmp_path / f"{name}.key").read_bytes(), None)
        assert key.public_key() == leaf.public_key()


def test_a_second_start_changes_nothing_and_imports_no_cryptography(tmp_path):
    ensure(tmp_path, **NODE)
    client_certificate(tmp_path, "admin", "admin", ["system:masters"])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    code = (
        "import sys; from sampan_pki import ensure, client_certificate\n"
        f"assert ensure({str(tmp_path)!r}, **{NODE!r}) == []\n"
        f"client_certificate({str(tmp_path)!r}, 'admin', 'admin', ['system:masters'])\n"
        "assert not any(name.startswith('cryptography') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_leaf_about_to_end_is_renewed_and_the_authority_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(authority, "LEAF_DAYS", 20)
    ensure(tmp_path, **NODE)
    ca, server = (tmp_path / "ca.crt").read_bytes(), (tmp_path / "server.crt").read_bytes()

    monkeypatch.setattr(authority, "LEAF_DAYS", 365)
    made = ensure(tmp_path, **NODE)

    assert str(tmp_path / "server.crt") in made
    assert (tmp_path / "server.crt").read_bytes() != server
    assert (tmp_path / "ca.crt").read_bytes() == ca


def test_a_new_address_reissues_the_server_certificate(tmp_path):
    ensure(tmp_path, **NODE)

    made = ensure(tmp_path, **{**NODE, "node_ips": ["10.0.0.8"]})

    assert {Path(path).stem for path in made} == {"server", "kubelet"}


def test_a_new_authority_reissues_all_its_leaves(tmp_path):
    ensure(tmp_path, **NODE)
    for end, content in zip((".crt", ".key"), issuing.new_authority("sampan-ca@1", days=0), strict=True):
        (tmp_path / f"ca{end}").write_bytes(content)  # one that has ended

    made = {Path(path).stem for path in ensure(tmp_path, **NODE)}

    assert made == {"ca", "server", "kubelet", "apiserver-kubelet-client"}


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN X-----\n", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END"])
def test_a_damaged_certificate_is_replaced(tmp_path, damage):
    ensure(tmp_path, **NODE)
    (tmp_path / "server.crt").write_bytes(damage)

    made = ensure(tmp_path, **NODE)

    assert {Path(path).name for path in made} == {"server.crt", "server.key"}


def test_a_key_of_another_certificate_is_noticed(tmp_path):
    ensure(tmp_path, **NODE)
    (tmp_path / "server.key").write_bytes((tmp_path / "kubelet.key").read_bytes())

    assert {Path(path).stem for path in ensure(tmp_path, **NODE)} == {"server"}


def test_a_client_carries_its_user_and_groups(tmp_path):
    ensure(tmp_path)

    certificate, key = client_certificate(tmp_path, "dns", "system:sampan-dns", ["a", "b"])

    subject = load(certificate).subject
    named = [(a.rfc4514_attribute_name, a.value) for a in subject]
    assert sorted(named) == [("CN", "system:sampan-dns"), ("O", "a"), ("O", "b")]
    assert key.name == "dns.key"


def test_a_client_with_other_groups_gets_another_certificate(tmp_path):
    ensure(tmp_path)
    first = client_certificate(tmp_path, "x", "x", ["a"])[0].read_bytes()

    assert client_certificate(tmp_path, "x", "x", ["b"])[0].read_bytes() != first


@pytest.mark.parametrize("name", ["", "../x", ".x"])
def test_a_client_name_stays_in_its_directory(tmp_path, name):
    with pytest.raises(ValueError, match="cannot name"):
        client_certificate(tmp_path, name, "x")


NOT_PEM = {
    "empty": b"", "binary": bytes(range(256)) * 8,
    "text": b"garbage\n", "unfinished": b"-----BEGIN CERTIFICATE-----\nMIIB",
    "hollow": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
}  # fmt: skip
TRUSTED = ("ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.key", "sa.pub")


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "verified.json"}


def spoil(path, how):
    if how == "directory":
        path.unlink()
        path.mkdir()
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:-40])
    elif how == "one bit":
        data = bytearray(path.read_bytes())
        lines = data.split(b"\n")
        at = len(lines[0]) + 1 + len(lines[1]) + 1 + 20  # in the second line of base64
        data[at] = ord("A") if data[at] != ord("A") else ord("B")
        path.write_bytes(data)
    else:
        path.write_bytes(NOT_PEM[how])


@pytest.mark.parametrize("how", [*NOT_PEM, "truncated", "directory", "one bit"])
@pytest.mark.parametrize("name", TRUSTED)
def test_a_trust_root_is_never_replaced_because_it_is_damaged(name, how, tmp_path):
    ensure(tmp_path, **NODE)
    spoil(tmp_path / name, how)
    before = content(tmp_path)

    with pytest.raises(ConfigError) as error:
        ensure(tmp_path, **NODE)

    assert str(tmp_path / name) in str(error.value)
    assert any(way in str(error.value) for way in ("from a backup", "must be a file"))
    assert content(tmp_path) == before


@pytest.mark.parametrize("name", [name for name in TRUSTED if name != "sa.pub"])
def test_half_of_a_trust_root_is_not_replaced(name, tmp_path):
    ensure(tmp_path, **NODE)
    (tmp_path / name).unlink()
    before = content(tmp_path)

    with pytest.raises(ConfigError, match=f"{name}: it is missing, though .* is there|was signed with it"):
        ensure(tmp_path, **NODE)

    assert content(tmp_path) == before


def test_an_interrupted_first_start_is_repeated(tmp_path):
    ensure(tmp_path, **NODE)
    for path in tmp_path.iterdir():
        if path.name != "ca.key":
            path.unlink()

    assert str(tmp_path / "ca.crt") in ensure(tmp_path, **NODE)


@pytest.mark.parametrize("how", [*NOT_PEM, "truncated", "one bit"])
@pytest.mark.parametrize("name", ["server.crt", "server.key", "kubelet.key", "nginx-client.crt"])
def test_a_damaged_leaf_is_issued_again_and_that_is_logged(name, how, tmp_path, caplog):
    ensure(tmp_path, **NODE)
    ca = (tmp_path / "ca.crt").read_bytes()
    spoil(tmp_path / name, how)

    made = ensure(tmp_path, **NODE)

    assert {Path(path).stem for path in made} == {Path(name).stem}
    assert [record.levelname for record in caplog.records if "issued again" in record.message] == ["WARNING"]
    assert (tmp_path / "ca.crt").read_bytes() == ca
    load(tmp_path / f"{Path(name).stem}.crt").verify_directly_issued_by(
        load(tmp_path / ("front-proxy-ca.crt" if name.startswith("nginx") else "ca.crt"))
    )


def test_a_leaf_that_another_authority_of_the_same_name_signed_is_issued_again(tmp_path):
    ensure(tmp_path, **NODE)
    name = load(tmp_path / "ca.crt").subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    for end, data in zip((".crt", ".key"), issuing.new_authority(str(name), days=3650), strict=True):
        (tmp_path / f"ca{end}").write_bytes(data)  # an operator puts another one in place
    (tmp_path / "verified.json").write_bytes(b"\xff")

    made = {Path(path).stem for path in ensure(tmp_path, **NODE)}

    assert made == {"server", "kubelet", "apiserver-kubelet-client"}


def test_a_server_that_was_given_the_clusters_keys_makes_no_key_for_what_is_at_rest(tmp_path):
    ensure(tmp_path, **NODE)
    (tmp_path / "encryption.keys").unlink()

    ensure(tmp_path, **NODE)

    assert not (tmp_path / "encryption.keys").exists()
