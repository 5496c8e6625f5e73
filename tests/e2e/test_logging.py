"""Every line of every container arrives exactly once in a real Elasticsearch, whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from clusters import WHICH_PYTHON, until
from elastic import elastic, launched

__all__ = ["elastic", "launched"]

pytestmark = pytest.mark.kubectl

INDEX = "sampan-logs-*"
RUN = "n=$(cat /d/n 2>/dev/null || echo 0); echo $((n+1)) > /d/n"  # which run of its container this is


class Shipper:
    """The add-on as a process of its own, by a kubeconfig."""

    def __init__(self, home: Path, cluster, url: str) -> None:
        self.home, self.process = home, None
        home.mkdir()
        self._kubeconfig = str(cluster.home / "kubeconfig")
        settings = {"urls": [url], "replicas": 0, "flush_seconds": 0.1, "sync_seconds": 0.05, "batch_lines": 200}
        settings |= {"exclude_namespaces": ["kube-system"], "cluster": "e2e"}
        (home / "sampan.yaml").write_text(json.dumps({"plugins": {"logging": settings}}))

    def start(self) -> None:
        sampan = str(Path(WHICH_PYTHON).parent / "sampan")
        with open(self.home / "output", "ab") as output:
            self.process = subprocess.Popen(
                [sampan, "--home", str(self.home), "addons", "run", "logging", "--kubeconfig", self._kubeconfig],
                stdout=output, stderr=output,
            )  # fmt: skip

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(90)

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(90) == 0, self.said()

    def said(self) -> str:
        return (self.home / "output").read_text()[-3000:]


@pytest.fixture
def shipper(tmp_path, launched, exec_cluster, elastic):
    one = Shipper(tmp_path / "shipper", exec_cluster, elastic.url)
    one.start()
    yield one
    if one.process.poll() is None:
        one.process.kill()
        one.process.wait(90)


@pytest.fixture
def cluster(exec_cluster):
    return exec_cluster


def counting(word: str, count: int, pause: str = "") -> str:
    """A script that says ``word N`` for 1 to count."""
    step = f"{pause}; " if pause else ""
    return f"i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo {word} $i; {step}done"


def numbers(found: list[dict], word: str) -> Counter:
    return Counter(int(m[1]) for one in found if (m := re.fullmatch(rf"{word} (\d+)", one["message"])))


def gaps(found: list[dict]) -> list[tuple]:
    """What is said to be missing."""
    return [(one["kubernetes"]["pod"]["name"], one["message"]) for one in found if "event" in one]


def test_every_line_arrives_exactly_once_whatever_is_killed(cluster, namespace, shipper, elastic):
    fast, slow = 5000, 150
    pods = [
        # many at once, with an init container, a sidecar, and both streams
        {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "many", "labels": {"app": "many", "app.kubernetes.io/name": "dots"}},
            "spec": {
                "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                "initContainers": [
                    {"name": "init", "image": cluster.image, "command": ["sh", "-c", counting("init", 50)]},
                    {
                        "name": "side", "image": cluster.image, "restartPolicy": "Always",
                        "command": ["sh", "-c", counting("side", 100) + "; exec sleep 600"],
                    },
                ],
                "containers": [
                    {"name": "main", "image": cluster.image, "command": ["sh", "-c", counting("fast", fast)]},
                    {"name": "err", "image": cluster.image, "command": ["sh", "-c", counting("err", 200) + " >&2"]},
                ],
            },
        },
        # slowly, all the while things are killed
        cluster.pod("slow", counting("slow", slow, "sleep 0.05"), restartPolicy="Never"),
        # says something only when it is told to end
        cluster.pod("polite", "trap 'echo bye; exit 0' TERM; echo hello; while true; do sleep 0.1; done",
                    terminationGracePeriodSeconds=60),
        # runs that follow each other, each ended by the test: a node keeps the logs of two, and no longer
        cluster.pod("again", f"{RUN}; {counting('again', 40)}; until [ -e /d/end-$n ]; do sleep 0.1; done; exit 1",
                    container={"volumeMounts": [{"name": "d", "mountPath": "/d"}]},
                    volumes=[{"name": "d", "emptyDir": {}}]),
    ]  # fmt: skip
    cluster.apply(*pods)

    until(lambda: numbers(elastic.documents(INDEX), "slow"), why="the first lines arrive")

    def whole(run: int) -> bool:
        found = elastic.documents(INDEX, {"term": {"kubernetes.namespace": namespace}})
        said = {one["message"] for one in found if one["kubernetes"]["container"]["restarts"] == run}
        return {f"again {n}" for n in range(1, 41)} <= said

    until(lambda: whole(0), why="the first run's lines arrive")
    cluster.kubectl("exec", "again", "--", "touch", "/d/end-0")
    for _ in range(3):
        time.sleep(0.4)  # at no particular moment
        shipper.kill()
        shipper.start()
    elastic.stop()
    time.sleep(1)
    shipper.kill()
    shipper.start()
    cluster.apply(cluster.pod("meanwhile", counting("meanwhile", 100), restartPolicy="Never"))
    elastic.launch()
    elastic.wait()

    def arrived():
        found = elastic.documents(INDEX, {"term": {"kubernetes.namespace": namespace}})
        said = {word: len(numbers(found, word)) for word in ("init", "side", "fast", "err", "slow", "meanwhile")}
        wanted = {"init": 50, "side": 100, "fast": fast, "err": 200, "slow": slow, "meanwhile": 100}
        return found if said == wanted else print(said, shipper.said()[-300:])

    until(lambda: whole(1), 300, "the second run's lines arrive")
    cluster.kubectl("exec", "again", "--", "touch", "/d/end-1")
    found = until(arrived, 300, "all lines arrive")
    for word in ("init", "side", "fast", "err", "slow", "meanwhile"):
        assert set(numbers(found, word).values()) == {1}, f"{word}: lines that arrived more than once"
    assert not gaps(found)
    order = [one["message"] for one in found if one["message"].startswith("fast ")]
    assert order == [f"fast {n}" for n in range(1, fast + 1)]
    runs = Counter(
        (one["kubernetes"]["container"]["restarts"], one["message"])
        for one in found
        if one["message"].startswith("again")
    )
    assert {count for (run, _), count in runs.items()} == {1}
    assert {(run, f"again {n}") for run in (0, 1) for n in range(1, 41)} <= runs.keys()

    one = next(one for one in found if one["message"] == "init 7")
    assert one["kubernetes"] == {
        "namespace": namespace,
        "pod": {"name": "many", "uid": cluster.get("pod", "many")["metadata"]["uid"]},
        "node": {"name": "node-exec"},
        "container": {"name": "init", "kind": "init", "restarts": 0},
        "labels": {"app": "many", "app.kubernetes.io/name": "dots"},
    }
    assert one["orchestrator"] == {"cluster": {"name": "e2e"}}
    assert {o["kubernetes"]["container"]["kind"] for o in found} == {"init", "sidecar", "container"}

    searched = ["--home", str(shipper.home), "logs", "search"]
    line = cluster.sampan(*searched, '"fast 4711"', "-n", namespace, "-l", "app.kubernetes.io/name=dots")
    assert line.strip().endswith(f"{namespace}/many main: fast 4711")
    newest = cluster.sampan(*searched, "-n", namespace, "--pod", "slow", "--limit", "2", "-o", "json").splitlines()
    assert [json.loads(text)["message"] for text in newest] == [f"slow {slow - 1}", f"slow {slow}"]

    cluster.kubectl("delete", "pod", "--all")
    mine = {"term": {"kubernetes.namespace": namespace}}
    until(lambda: [one for one in elastic.documents(INDEX, mine) if one["message"] == "bye"], why="the last word")
    shipper.stop()
    assert not gaps(elastic.documents(INDEX, mine))
    assert not re.search(r"Traceback|\"level\": \"error\"", shipper.said())


def test_long_and_odd_lines_are_one_document_each_and_every_line_is_accounted_for(cluster, namespace, shipper, elastic):
    sizes = (16383, 16384, 16385, 32768, 65536, 200000)
    long = "; ".join(f"head -c {size - 7} /dev/zero | tr '\\0' x; echo {size:06d}$" for size in sizes)
    odd = r"printf 'bad \377\376 nul \000 bell \007 surrogate \355\240\200 end\n'"
    labels = {"a.b": "1", "a_b": "2", "a": "3", "a.b/c": "4"} | {f"l{n}.x": "y" for n in range(60)}
    pod = cluster.pod("long", f"{long}; {odd}; echo short", restartPolicy="Never")
    pod["metadata"]["labels"] |= labels
    cluster.apply(pod)
    mine = {"term": {"kubernetes.namespace": namespace}}

    found = until(lambda: len(found := elastic.documents(INDEX, mine)) >= len(sizes) + 2 and found, why="all arrive")

    said = [one["message"] for one in found]
    assert [len(text) for text in said[: len(sizes)]] == list(sizes)
    assert all(
        text.endswith(f"{size:06d}$") and set(text[:-7]) == {"x"} for text, size in zip(said, sizes, strict=False)
    )
    assert said[len(sizes)].startswith("bad \ufffd\ufffd nul \0 bell \a surrogate \ufffd") and said[-1] == "short"
    assert found[0]["kubernetes"]["labels"].items() >= labels.items()
    command = ["--home", str(shipper.home), "logs", "account", "-o", "json"]
    seen: dict[str, int] = {}

    def settled() -> bool:
        seen.update(json.loads(cluster.sampan(*command)))
        return not seen["waiting"]

    until(settled, why="none waits")
    account = seen
    assert account["missing"] == account["refused"] == 0
    assert account["read"] == account["acknowledged"] >= len(said)
