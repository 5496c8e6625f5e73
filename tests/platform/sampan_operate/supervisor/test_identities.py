from __future__ import annotations

import stat

import sampan_pki as pki
from sampan.contracts.components import Component
from sampan_client import kubeconfig
from sampan_operate.supervisor.identities import write_client_bundle, write_identities


def test_every_component_gets_a_kubeconfig_of_its_own(tmp_path):
    pki.ensure(tmp_path / "pki")
    node = Component(name="node", run=print, user="system:node:{node}", groups=("system:nodes",))

    admin = write_identities(tmp_path, "https://127.0.0.1:1", "n1", [node])

    assert admin == tmp_path / "kubeconfig"
    for path in (admin, tmp_path / "kubeconfigs" / "node"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert kubeconfig.load(str(path)).server == "https://127.0.0.1:1"


def test_the_bundle_holds_both_authorities(tmp_path):
    pki.ensure(tmp_path)

    write_client_bundle(tmp_path)

    assert (tmp_path / "client-ca.crt").read_bytes().count(b"BEGIN CERTIFICATE") == 2
