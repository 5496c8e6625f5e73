"""Every part as a process of its own, with its own identity; a reconciler that dies is replaced by another."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from clusters import WHICH_PYTHON, Cluster, free_port, until

FAILOVER = 15.0  # seconds that issue 3 allows between a leader's end and the next one's work


@dataclass
class Parts:
    """A cluster without a supervisor: this test is it."""

    cluster: Cluster
    running: dict[str, subprocess.Popen] = field(default_factory=dict)

    def begin(self, name: str, *argv: str, home: Path | None = None) -> None:
        with open(self.cluster.home / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [str(Path(WHICH_PYTHON).parent / "sampan"), "--home", str(home or self.cluster.home), *argv],
                env=self.cluster.env, stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait(90)

    def log(self, name: str) -> str:
        return (self.cluster.home / f"{name}.log").read_text(errors="replace")

    def end(self) -> dict[str, int]:
        """All of them, as asked for by SIGTERM; exit codes by name."""
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
        codes = {name: process.wait(90) for name, process in self.running.items()}
        self.running.clear()
        return codes


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Parts]:
    home = tmp_path_factory.mktemp("parts") / "home"
    home.mkdir()
    cluster = Cluster(home, "exec", free_port(), "busybox:1", tools)
    (home / "sampan.yaml").write_text(
        f"api: {{port: {cluster.port}}}\nnode: {{runtime: exec, name: apart}}\naddons: []\n"
    )
    parts = Parts(cluster)
    try:
        parts.begin("apiserver", "apiserver")
        until(
            lambda: (home / "kubeconfig").exists() and "ok" in cluster.kubectl("get", "--raw", "/readyz", check=False),
        )
        for name in ("reconciler", "scheduler", "node"):
            parts.begin(name, name)
        second = home.parent / "second"
        second.mkdir()
        shutil.copyfile(home / "sampan.yaml", second / "sampan.yaml")
        parts.begin("standby", "reconciler", "--kubeconfig", str(home / "kubeconfigs" / "reconciler"), home=second)
        ready = ("wait", "--for=condition=Ready", "node/apart", "--timeout=1s")
        until(lambda: "condition met" in cluster.kubectl(*ready, check=False))
        yield parts
    finally:
        for name in list(parts.running):
            parts.kill(name)
        cluster.sampan("down", check=False)


def ready_replicas(parts: Parts, name: str) -> int:
    return parts.cluster.get("deployment", name).get("status", {}).get("readyReplicas", 0)


def leader(parts: Parts) -> int:
    """The process id that the reconcilers' Lease ends with; 0 while there is no leader."""
    found = parts.cluster.kubectl("get", "lease", "sampan-reconciler", "-n", "kube-system", "-o", "json", check=False)
    if not found.startswith("{"):
        return 0
    return int((json.loads(found)["spec"].get("holderIdentity") or "-0").rpartition("-")[2])


def well(cluster: Cluster, command: str) -> str:
    """What the command says where it finds all well; "" otherwise."""
    try:
        return cluster.sampan(command)
    except AssertionError:
        return ""


def test_status_and_doctor_tell_of_the_parts_and_down_leaves_them(parts):
    cluster = parts.cluster
    names = ("reconciler", "scheduler", "node ")
    until(lambda: all(name in cluster.sampan("status", check=False) for name in names))
    until(lambda: "by the exec runtime" in cluster.sampan("doctor", check=False))

    status, doctor = (until(lambda word=word: well(cluster, word)) for word in ("status", "doctor"))

    assert f"https://127.0.0.1:{cluster.port} is ready" in status
    assert "the API server of" in doctor and "cannot be listened on" not in doctor
    assert "run as containers" not in doctor
    assert "stop them where they were started" in cluster.sampan("down", check=False)
    until(lambda: "is ready" in well(cluster, "status"))


def test_a_deployment_runs_on_separate_processes(parts):
    parts.cluster.kubectl("create", "deployment", "web", "--image=busybox:1", "--replicas=2", "--", "sleep", "1000")

    until(lambda: ready_replicas(parts, "web") == 2, why="two replicas on separate processes")


def test_each_has_an_identity_of_its_own(parts):
    who = {
        name: parts.cluster.kubectl(
            "--kubeconfig", str(parts.cluster.home / "kubeconfigs" / name), "auth", "whoami",
            "-o", "jsonpath={.status.userInfo.username}",
        )
        for name in ("reconciler", "scheduler", "node")
    }  # fmt: skip

    assert who == {
        "reconciler": "system:kube-controller-manager",
        "scheduler": "system:kube-scheduler",
        "node": "system:node:apart",
    }


def test_a_killed_leader_is_replaced_in_time(parts):
    first = until(lambda: leader(parts), why="somebody leads")
    name = next(name for name in ("reconciler", "standby") if parts.running[name].pid == first)

    parts.kill(name)
    parts.cluster.kubectl("create", "deployment", "after", "--image=busybox:1", "--", "sleep", "1000")

    lease = parts.cluster.get("lease", "sampan-reconciler", "-n", "kube-system")["spec"]
    assert lease["leaseDurationSeconds"] <= FAILOVER
    until(lambda: leader(parts) not in (0, first), why="the other reconciler leads")
    until(lambda: ready_replicas(parts, "after") == 1, why="the other reconciler works")


def test_all_of_them_end_when_told(parts):
    assert set(parts.end().values()) == {0}
