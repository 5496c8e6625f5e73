"""Operators and clients that others have written, unmodified, on a custom kind: kopf, kr8s, lightkube."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import Cluster, until

NAMES = {"plural": "ferries", "singular": "ferry", "kind": "Ferry", "shortNames": ["fe"]}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {"deck": {"type": "string"}, "crew": {"type": "integer", "default": 1}},
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "ferries.lake.example"},
    "spec": {
        "group": "lake.example", "scope": "Namespaced", "names": NAMES,
        "versions": [{
            "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA},
            "subresources": {
                "status": {}, "scale": {"specReplicasPath": ".spec.crew", "statusReplicasPath": ".status.crew"},
            },
        }],
    },
}  # fmt: skip
HANDLERS = """
import kopf
import kubernetes


@kopf.on.startup()
def connect(**_):
    kubernetes.config.load_kube_config()


@kopf.on.create("lake.example", "v1", "ferries")
def create(spec, name, namespace, **_):
    body = {"metadata": {"name": name}, "data": {"deck": spec["deck"]}}
    kopf.adopt(body)
    kubernetes.client.CoreV1Api().create_namespaced_config_map(namespace, body)
    kopf.info(body | {"kind": "ConfigMap", "apiVersion": "v1"}, reason="Launched", message="on the lake")
    return {"map": name}


@kopf.on.update("lake.example", "v1", "ferries", field="spec.deck")
def update(old, new, name, namespace, **_):
    patch = {"data": {"deck": f"{old} to {new}"}}
    kubernetes.client.CoreV1Api().patch_namespaced_config_map(name, namespace, patch)


@kopf.on.delete("lake.example", "v1", "ferries")
def delete(name, namespace, **_):
    body = {"metadata": {"name": f"{name}-sank"}}
    kubernetes.client.CoreV1Api().create_namespaced_config_map(namespace, body)
"""


@pytest.fixture(scope="module")
def cluster(exec_cluster: Cluster) -> Iterator[Cluster]:
    exec_cluster.kubectl("apply", "-f", "-", input=json.dumps(DEFINITION))
    exec_cluster.kubectl("wait", "--for=condition=Established", "crd/ferries.lake.example", "--timeout=120s")
    yield exec_cluster
    exec_cluster.kubectl("delete", "crd", "ferries.lake.example", "--timeout=120s")


@pytest.fixture
def operator(cluster: Cluster, namespace: str, tmp_path: Path) -> Iterator[None]:
    handlers = tmp_path / "handlers.py"
    handlers.write_text(HANDLERS)
    command = [str(Path(sys.executable).with_name("kopf")), "run", "--standalone", "-n", namespace, str(handlers)]
    with (tmp_path / "log").open("wb") as log:
        env = {**os.environ, "KUBECONFIG": str(cluster.home / "kubeconfig")}
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(90)
        assert "Traceback" not in (tmp_path / "log").read_text()


def ferry(name: str, **spec: object) -> str:
    return json.dumps({"apiVersion": "lake.example/v1", "kind": "Ferry", "metadata": {"name": name}, "spec": spec})


def test_a_kopf_operator_runs_a_kind_from_its_creation_to_its_deletion(cluster, namespace, operator):
    def shown(what: str, path: str) -> str:
        return cluster.kubectl("-n", namespace, "get", what, "-o", f"jsonpath={path}", check=False).strip()

    cluster.kubectl("-n", namespace, "apply", "-f", "-", input=ferry("ark", deck="low"))
    until(lambda: shown("ferry/ark", "{.status.create.map}") == "ark")
    assert shown("configmap/ark", "{.data.deck} {.metadata.ownerReferences[0].kind}") == "low Ferry"
    assert "kopf" in shown("ferry/ark", "{.metadata.finalizers}")

    cluster.kubectl("-n", namespace, "patch", "ferry", "ark", "--type=merge", "-p", '{"spec":{"deck":"high"}}')
    until(lambda: shown("configmap/ark", "{.data.deck}") == "low to high")

    cluster.kubectl("-n", namespace, "delete", "ferry", "ark", "--timeout=120s")
    assert shown("configmap/ark-sank", "{.metadata.name}") == "ark-sank"
    until(lambda: "NotFound" in cluster.kubectl("-n", namespace, "get", "configmap", "ark", check=False))


def used(program: str, cluster: Cluster, namespace: str) -> object:
    """What a program prints, in JSON. The libraries leave their connections open, so each has a process of its own."""
    command = [sys.executable, "-c", program, str(cluster.home / "kubeconfig"), namespace]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


KR8S = """
import asyncio, json, sys
import kr8s
from kr8s.asyncio.objects import ConfigMap, new_class

kubeconfig, namespace = sys.argv[1:]


async def use():
    api = await kr8s.asyncio.api(kubeconfig=kubeconfig)
    ferries = new_class(
        kind="Ferry", version="lake.example/v1", namespaced=True, plural="ferries", scalable=True, scalable_spec="crew",
        asyncio=True,
    )
    body = {"metadata": {"name": "kr8s", "namespace": namespace, "labels": {"a": "b"}}, "spec": {"deck": "low"}}
    made = await ferries(body, api=api)
    await made.create()
    await made.patch({"spec": {"deck": "high"}})
    await made.label(on="water")
    await made.scale(3)
    listed = [each async for each in api.get("ferries.lake.example", namespace=namespace, label_selector="a=b")]
    other = await ConfigMap({"metadata": {"name": "of", "namespace": namespace}, "data": {}}, api=api)
    await other.create()
    await other.set_owner(made)
    found = [made.spec["deck"], made.spec["crew"], made.labels["on"], [each.name for each in listed]]
    await made.delete()
    await made.wait("delete", timeout=120)
    return [*found, await made.exists()]


print(json.dumps(asyncio.run(use())))
"""


def test_kr8s_uses_a_custom_kind_as_its_own(cluster, namespace):
    assert used(KR8S, cluster, namespace) == ["high", 3, "water", ["kr8s"], False]


LIGHTKUBE = """
import json, sys
import lightkube
from lightkube.generic_resource import create_namespaced_resource, load_in_cluster_generic_resources

kubeconfig, namespace = sys.argv[1:]
config = lightkube.KubeConfig.from_file(kubeconfig)
client = lightkube.Client(config=config, field_manager="lightkube-test", namespace=namespace)
load_in_cluster_generic_resources(client)
ferries = create_namespaced_resource("lake.example", "v1", "Ferry", "ferries")


def applied(deck):
    meta = {"name": "light", "namespace": namespace}
    return client.apply(ferries(apiVersion="lake.example/v1", kind="Ferry", metadata=meta, spec={"deck": deck}))


first = applied("low")
second = applied("high")
operation, changed = next(iter(client.watch(ferries, resource_version=first.metadata.resourceVersion)))
meta = {"name": "light", "namespace": namespace, "resourceVersion": second.metadata.resourceVersion}
client.replace(ferries.Status(metadata=meta, status={"crew": 4}))
found = [operation, changed.spec["deck"], second.spec["crew"], client.get(ferries, "light").status["crew"]]
found.append([each.metadata.name for each in client.list(ferries)])
client.delete(ferries, "light")
try:
    client.get(ferries, "light")
except lightkube.ApiError as gone:
    found.append(gone.status.code)
print(json.dumps(found))
"""


def test_lightkube_applies_watches_and_replaces_a_custom_kind(cluster, namespace):
    assert used(LIGHTKUBE, cluster, namespace) == ["MODIFIED", "high", 1, 4, ["light"], 404]
