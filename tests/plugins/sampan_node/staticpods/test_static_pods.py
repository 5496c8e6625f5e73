import copy
import json
import time
from types import SimpleNamespace

import pytest

from sampan.errors import AlreadyExists, Forbidden, SampanError
from sampan_node.admission import PodAdmission
from sampan_node.devices import PodDevices
from sampan_node.staticpods.manifests import static_pod
from sampan_node.staticpods.mirrors import MIRROR
from sampan_node.staticpods.static_pods import StaticPods, StaticWorker

MANIFEST = {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "a", "image": "i"}]}}
RUNNING = {"phase": "Running"}


class Api:
    """Pods by name, as a node may use them: it may get only what is there."""

    def __init__(self):
        self.pods, self.writes, self.away = {}, [], False

    def get(self, resource, name, namespace=""):
        if self.away:
            raise SampanError("away")
        if resource.plural == "nodes":
            return {"metadata": {"name": name, "uid": "node-uid"}}
        if name not in self.pods:
            raise Forbidden("no relationship found")
        return copy.deepcopy(self.pods[name])

    def create(self, resource, pod, namespace):
        name = pod["metadata"]["name"]
        if name in self.pods:
            raise AlreadyExists(name)
        self.writes.append(f"create {name}")
        pod = copy.deepcopy(pod)
        pod["metadata"]["uid"] = f"uid-{len(self.writes)}"
        self.pods[name] = pod
        return copy.deepcopy(pod)

    def patch(self, resource, name, patch, namespace, **_):
        assert patch["metadata"]["uid"] == self.pods[name]["metadata"]["uid"]
        self.pods[name]["status"] = patch["status"]
        return copy.deepcopy(self.pods[name])

    def delete(self, resource, name, namespace, *, uid, grace):
        assert (uid, grace) == (self.pods[name]["metadata"]["uid"], 0)
        self.writes.append(f"delete {name}")
        del self.pods[name]


class Runtime:
    name, sees_mounts, limits = "fake", False, False

    def sandboxes(self, uid=""):
        return []

    containers = sandboxes


@pytest.fixture
def host(tmp_path):
    later = []
    return SimpleNamespace(
        client=Api(), home=tmp_path, name="n1", admission=PodAdmission({}), runtime=Runtime(), later=later,
        clock=SimpleNamespace(after=lambda seconds, call: later.append(seconds)),
        forget=lambda uid: None, references=SimpleNamespace(forget=lambda uid: None), token=None, allocatable={},
        mounters={}, devices=PodDevices(), tell=lambda *said: None, pool=SimpleNamespace(submit=lambda call: None),
    )  # fmt: skip


@pytest.fixture
def worker(host):
    return StaticWorker(host, pod())


def pod(image="i"):
    manifest = {**MANIFEST, "spec": {"containers": [{"name": "a", "image": image}]}}
    return static_pod(json.dumps(manifest).encode(), "n1", time.time())


def test_its_status_is_that_of_a_mirror_which_is_made_once(host, worker):
    worker._write(RUNNING)
    worker._write({"phase": "Failed"})

    assert host.client.writes == ["create web-n1"]
    assert host.client.pods["web-n1"]["status"] == {"phase": "Failed"}
    assert host.client.pods["web-n1"]["metadata"]["annotations"][MIRROR] == worker.pod["metadata"]["uid"]


def test_it_needs_no_api_and_tries_again_later(host, worker):
    host.client.away = True
    worker._write(RUNNING)
    assert (host.client.pods, len(host.later)) == ({}, 1)
    host.client.away = False

    worker._write(RUNNING)

    assert host.client.pods["web-n1"]["status"] == RUNNING


def test_the_mirror_of_an_older_manifest_and_one_that_is_being_deleted_are_replaced(host, worker):
    StaticWorker(host, pod("older"))._write(RUNNING)
    worker._write(RUNNING)
    host.client.pods["web-n1"]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    worker._shown = host.client.get(SimpleNamespace(plural="pods"), "web-n1")
    worker._write(RUNNING)

    create, delete = "create web-n1", "delete web-n1"
    assert host.client.writes == [create, delete, create, delete, create]


def test_a_pod_of_the_same_name_that_is_no_mirror_stays(host, worker):
    host.client.pods["web-n1"] = {"metadata": {"name": "web-n1", "namespace": "default", "uid": "own"}}
    worker._write(RUNNING)

    assert (host.client.writes, len(host.later)) == ([], 1)


def test_what_a_folder_says_runs_and_mirrors_are_no_other_work(host, tmp_path, monkeypatch):
    monkeypatch.setattr(StaticWorker, "poke", lambda self: None)
    added, folder = [], tmp_path / "manifests"
    static = StaticPods(host, folder, added.append)
    static.look()
    folder.mkdir()
    (folder / "web.json").write_text(json.dumps(MANIFEST))
    (folder / "bad.json").write_text("{}")
    static.look()
    static.look()
    mirror = {"metadata": {"name": "web-n1", "annotations": {MIRROR: added[0].pod["metadata"]["uid"]}}}

    assert len(added) == 1
    assert static.mirrored(None, mirror) and static.mirrored(mirror, None)
    assert not static.mirrored(None, {"metadata": {"name": "other"}})

    (folder / "web.json").unlink()
    static.look()

    assert added[0].gone


def test_with_its_manifest_goes_its_mirror(host, worker):
    worker._write(RUNNING)
    worker.gone = True
    worker._remove()

    assert host.client.pods == {}
