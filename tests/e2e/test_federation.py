"""docs/federation.md, every command of it, with a host and two members, all real, and the real kubectl. The member that
is lost is killed, as a machine that loses its power."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import WHICH_PYTHON, Cluster
from guide import ROOT, script
from ports import free_port

pytestmark = pytest.mark.kubectl

PAGE = ROOT / "docs" / "federation.md"
PORTS = {"host": "6443", "east": "6444", "west": "6445"}
#: The supervisor and all that it supervises at once.
KILL = (
    'python3 -c \'import json, os; state = json.load(open("east/run/state.json"));'
    ' [os.kill(pid, 9) for pid in (state["pid"], *(each["pid"] for each in state["processes"]))]\''
)


@pytest.fixture
def place(tmp_path: Path, tools: Path) -> Iterator[dict[str, Cluster]]:
    """The three homes; no cluster runs yet."""
    clusters = {name: Cluster(tmp_path / name, "hollow", free_port(), "", tools) for name in PORTS}
    yield clusters
    for cluster in clusters.values():
        if cluster.home.exists():
            cluster.sampan("down", check=False)


def test_the_page_about_federation_works_as_it_stands(place: dict[str, Cluster], tmp_path: Path, tools: Path) -> None:
    replaced = {f"api: {{port: {port}}}": f"api: {{port: {place[name].port}}}" for name, port in PORTS.items()}
    code = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + script(
        PAGE.read_text(), {**replaced, "sampan --home east down": KILL}
    )
    path = f"{Path(WHICH_PYTHON).parent}:{tools}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(tmp_path), "SAMPAN_HOME": str(tmp_path / "host")}
    done = subprocess.run(
        ["bash", "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=2400, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"

    assert "placed on east (2)" in done.stdout
    assert "its field does not match zone In (eu-1)" in done.stdout
    assert '[{"name":"west","replicas":2}]' in done.stdout
    assert "1/1     Running" in done.stdout.replace("\t", " ") and "CLUSTER   NAMESPACE" in done.stdout
    left = json.loads(place["host"].kubectl("get", "clusters", "-o", "json"))["items"]
    assert [each["metadata"]["name"] for each in left] == ["east"]
    assert "karmada" not in place["west"].kubectl("get", "clusterroles", "-o", "name")
