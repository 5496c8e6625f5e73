"""kubectl, helm and others through nginx, as docs/behind-nginx.md sets it up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fronts
import pytest
from fronts import Fronted

NUMBER = 107  # Service addresses and node ports of this cluster's own


@pytest.fixture(scope="module")
def fronted(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Fronted]:
    front = fronts.new(tmp_path_factory.mktemp("nginx") / "home", tools, NUMBER)
    try:
        front.start()
        yield front
    finally:
        front.stop()


def test_a_client_certificate_and_a_token_say_who_is_calling(fronted):
    kubectl = fronted.cluster.kubectl
    token = ("--token=e2e-token", "--kubeconfig=/dev/null", f"--server=https://127.0.0.1:{fronted.cluster.port}",
             f"--certificate-authority={fronted.home}/pki/ca.crt")  # fmt: skip

    assert "kubernetes-admin" in kubectl("auth", "whoami") and "system:masters" in kubectl("auth", "whoami")
    assert "e2e" in kubectl(*token, "auth", "whoami")
    assert "provide credentials" in kubectl(*token, "--token=wrong", "get", "ns", check=False)
    assert kubectl("get", "--raw", "/livez") == "ok"
