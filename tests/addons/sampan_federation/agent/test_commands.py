from __future__ import annotations

import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place
from sampan_client import kubeconfig
from sampan_client.kubeconfig import Config
from sampan_federation.agent.commands import _write, register_cluster, run_agent


def test_a_renewed_token_is_found_by_the_client_that_has_the_file(tmp_path):
    path = str(tmp_path / "host.kubeconfig")
    config = Config(server="https://host.example:6443", ca=b"PEM")
    _write(path, config, "first")
    read = kubeconfig.load(path)
    assert (read.server, read.ca, read.token) == (config.server, b"PEM", "first")

    _write(path, config, "second")
    assert read.renewed() and read.authorization() == "Bearer second"


@pytest.mark.parametrize("command, words, said", [
    (register_cluster, ["Nat", "-o", "x"], "no name of a cluster"),
    (register_cluster, ["nat", "-o", "x"], "none.kubeconfig cannot be read"),
    (run_agent, ["nat", "--host-kubeconfig", "none.kubeconfig"], "none.kubeconfig cannot be read"),
])  # fmt: skip
def test_what_cannot_be_used_is_named(command, words, said):
    done = CliRunner().invoke(command, words, obj=Place(home="home", kubeconfig="none.kubeconfig"))

    assert done.exit_code == 1 and said in done.output
