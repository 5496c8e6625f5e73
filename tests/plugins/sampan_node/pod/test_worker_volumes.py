"""Volumes, devices and claims of pods, with the exec runtime and an API that is a dict."""

import io
import json
import tarfile

import pytest

from sampan.contracts.components import Contributed
from sampan_machinery.resources import CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from sampan_node.devices import PodDevices
from sampan_runtime.contracts import Edits, RuntimeFailure
from sampan_volumes.contracts import MountedVolume

IMAGE_VOLUME = {"name": "v", "image": {"reference": "registry.example/data:1", "pullPolicy": "IfNotPresent"}}


def test_volumes_env_and_token_reach_the_container(cluster):
    if not cluster.host.runtime.has_mounts:
        return
    cluster.api.objects["configmaps", "default", "conf"] = {"metadata": {"name": "conf"}, "data": {"color": "blue"}}
    volumes = [
        {"name": "conf", "configMap": {"name": "conf"}},
        {"name": "scratch", "emptyDir": {}},
        {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
    ]
    mounts = [
        {"name": "conf", "mountPath": "/etc/conf", "readOnly": True},
        {"name": "scratch", "mountPath": "/scratch"},
        {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True},
    ]
    env = [
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "URL", "value": "http://$(IP)/"},
        {"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "color"}}},
    ]
    script = (
        "cat /etc/conf/color; echo; cat /var/run/secrets/kubernetes.io/serviceaccount/token; echo; echo $URL $COLOR;"
        "echo done > /dev/termination-log; head -1 /etc/hosts; echo x > /scratch/x"
    )
    cluster.run(script, restartPolicy="Never", volumes=volumes, c0={"volumeMounts": mounts, "env": env})

    cluster.api.until(lambda: cluster.status()["phase"] == "Succeeded", "success")

    ip = cluster.status()["podIP"]
    assert cluster.said().decode().splitlines() == [
        "blue", "token-of-default", f"http://{ip}/ blue", "# Kubernetes-managed hosts file."
    ]  # fmt: skip
    assert cluster.state()["state"]["terminated"]["message"] == "done\n"


@pytest.mark.parametrize("target", ["{outside}", "../../../../../outside", ".."])
def test_a_sub_path_behind_a_planted_link_is_refused_and_makes_nothing(cluster, target):
    outside = cluster.home / "outside"
    outside.mkdir()
    plant = {"name": "plant", "image": "busybox:1", "command": ["/bin/sh", "-c", f"ln -s {target} $V/link"],
             "volumeMounts": [{"name": "v", "mountPath": "/v"}]}  # fmt: skip
    plant["command"][2] = (
        plant["command"][2]
        .format(outside=outside)
        .replace("$V", "/v" if cluster.host.runtime.has_mounts else "$SAMPAN_MOUNT_ROOT/v")
    )
    mounts = [{"name": "v", "mountPath": "/m", "subPath": "link/planted/deep"}]
    cluster.run(
        "sleep 1000", volumes=[{"name": "v", "emptyDir": {}}], initContainers=[plant], c0={"volumeMounts": mounts}
    )

    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerConfigError")

    assert cluster.state()["state"]["waiting"]["message"] == (
        'failed to prepare subPath for volumeMount "v" of container "c0": link/planted/deep: leads out of its volume'
    )
    assert not list(cluster.home.rglob("planted"))


@pytest.mark.root
@pytest.mark.parametrize("kind", ["configMap", "secret", "downwardAPI", "projected"])
def test_what_the_node_writes_into_a_volume_no_container_can_write(cluster, kind):
    cluster.api.objects["configmaps", "default", "conf"] = {"metadata": {"name": "conf"}, "data": {"k": "v"}}
    cluster.api.objects["secrets", "default", "conf"] = {"metadata": {"name": "conf"}, "data": {"k": "dg=="}}
    labels = {"items": [{"path": "k", "fieldRef": {"fieldPath": "metadata.labels"}}]}
    sources = {"configMap": {"name": "conf"}, "secret": {"secretName": "conf"}, "downwardAPI": labels,
               "projected": {"sources": [{"downwardAPI": labels}]}}  # fmt: skip
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/sub", "subPath": "k"}]
    script = "cat /v/k; for f in /v/new /v/k /sub; do (: > $f) 2>&1 | grep -o 'Read-only file system'; done"

    cluster.run(
        script, volumes=[{"name": "v", kind: sources[kind]}], restartPolicy="Never", c0={"volumeMounts": mounts}
    )

    cluster.api.until(lambda: cluster.status()["phase"] in ("Succeeded", "Failed"))
    assert cluster.said().decode().count("Read-only file system") == 3


def test_an_image_volume_is_refused_in_words_where_there_are_no_images(cluster):
    mount = {"name": "v", "mountPath": "/v"}
    cluster.run("sleep 1000", "sleep 1000", volumes=[IMAGE_VOLUME], c0={"volumeMounts": [mount]})

    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerError")

    text = 'failed to mount image volume "v": image registry.example/data:1 cannot be a volume'
    assert cluster.state()["state"]["waiting"]["message"].startswith(text)
    assert any(reason == "Failed" and text in message for reason, message in cluster.events)
    cluster.api.until(lambda: cluster.state(1)["ready"], "the container that does not mount it")


@pytest.mark.root
def test_an_image_volume_shows_the_image_s_files_read_only(cluster, monkeypatch):
    saved = []

    def save_image(reference):
        saved.append(reference)
        inner, outer = io.BytesIO(), io.BytesIO()
        files = {"data.json": b"kitten.jpg", "etc/os-release": b"Alpine Linux"}
        manifest = b'[{"Layers": ["layer.tar"]}]'
        for target, contents in ((inner, files), (outer, {"manifest.json": manifest, "layer.tar": b""})):
            with tarfile.open(fileobj=target, mode="w") as tar:
                for name, data in contents.items():
                    info = tarfile.TarInfo(name)
                    data = data or inner.getvalue()
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
        return [outer.getvalue()]

    monkeypatch.setattr(cluster.host.runtime, "save_image", save_image)
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/sub", "subPath": "etc"}]
    script = "cat /v/data.json /sub/os-release; (: > /v/new) 2>&1 | grep -o 'Read-only file system'"
    more = {f"c{index}": {"volumeMounts": mounts} for index in (0, 1)}
    cluster.run(script, script, volumes=[IMAGE_VOLUME], restartPolicy="Never", **more)

    cluster.api.until(lambda: cluster.status()["phase"] in ("Succeeded", "Failed"))

    assert cluster.said() == b"kitten.jpgAlpine LinuxRead-only file system\n"
    assert saved == ["registry.example/data:1"]
    cluster.ask_to_go()
    cluster.api.until(lambda: not cluster.api.objects)
    assert list((cluster.home / "pods").iterdir()) == []


def test_a_sub_path_that_an_image_does_not_have_is_not_made(cluster, monkeypatch):
    monkeypatch.setattr("sampan_node.volumes.unpacking.unpack", lambda saved, place: place.mkdir(parents=True))
    monkeypatch.setattr(cluster.host.runtime, "save_image", lambda reference: [])
    mounts = [{"name": "v", "mountPath": "/v", "subPath": "none"}]

    pod = cluster.run("sleep 1000", volumes=[IMAGE_VOLUME], c0={"volumeMounts": mounts})

    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerConfigError")
    assert "none: No such file or directory" in cluster.state()["state"]["waiting"]["message"]
    assert list((cluster.home / "pods" / pod["metadata"]["uid"] / "volumes/image/v").iterdir()) == []


def test_a_missing_config_map_is_waited_for(cluster):
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "later", "key": "a"}}}]
    cluster.run("sleep 1000", c0={"env": env})
    cluster.api.until(lambda: cluster.state()["state"]["waiting"]["reason"] == "CreateContainerConfigError")

    cluster.api.objects["configmaps", "default", "later"] = {"metadata": {"name": "later"}, "data": {"a": "1"}}

    cluster.api.until(lambda: cluster.state()["ready"])


def test_a_pod_waits_for_its_claim_and_gets_the_volume(cluster, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    claim = {
        "metadata": {"name": "data", "namespace": "default", "uid": "c1"}, "spec": {"volumeName": "pv"},
        "status": {"phase": "Pending"},
    }  # fmt: skip
    volume = {"metadata": {"name": "pv"}, "spec": {"claimRef": {"uid": "c1"}, "local": {"path": str(data)}}}
    cluster.api.put(PERSISTENT_VOLUME_CLAIMS, claim)
    cluster.api.put(PERSISTENT_VOLUMES, volume)
    mounts = [{"name": "v", "mountPath": "/data"}, {"name": "v", "mountPath": "/part", "subPath": "part"}]
    cluster.run(
        "echo kept > /data/file; echo deep > /part/file; sleep 1000", c0={"volumeMounts": mounts},
        volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
    )  # fmt: skip
    cluster.api.until(lambda: "FailedMount" in [reason for reason, _ in cluster.events])
    assert cluster.state()["state"] == {"waiting": {"reason": "ContainerCreating"}}

    cluster.api.put(PERSISTENT_VOLUME_CLAIMS, {**claim, "status": {"phase": "Bound"}})

    cluster.api.until(lambda: cluster.status()["phase"] == "Running")
    cluster.api.until(lambda: (data / "part" / "file").exists())
    assert (data / "file").read_text() == "kept\n"
    cluster.ask_to_go()
    cluster.api.until(lambda: ("pods", "default", "web") not in cluster.api.objects)
    assert (data / "part" / "file").read_text() == "deep\n"


def test_what_a_volume_shows_changes_with_its_config_map(cluster):
    cluster.api.put(CONFIG_MAPS, {"metadata": {"name": "conf", "namespace": "default"}, "data": {"color": "blue"}})
    conf = {"name": "conf", "configMap": {"name": "conf"}}
    pod = cluster.run("sleep 1000", volumes=[conf])
    file = cluster.home / "pods" / pod["metadata"]["uid"] / "volumes/configMap/conf/color"
    cluster.api.until(lambda: cluster.state()["ready"] and cluster.api.informers)
    assert file.read_text() == "blue"

    cluster.api.put(CONFIG_MAPS, {"metadata": {"name": "conf", "namespace": "default"}, "data": {"color": "red"}})

    cluster.api.until(lambda: file.read_text() == "red")
    cluster.ask_to_go()
    cluster.api.until(lambda: not cluster.api.informers, "the end of the watch")


class Claimed:
    """Devices that are ready once ``failure`` is taken away."""

    name = "test"

    def __init__(self, cluster):
        self.cluster, self.failure, self.released_at = cluster, "no driver yet", []

    def prepare(self, pod):
        if self.failure:
            raise RuntimeFailure("FailedPrepareDynamicResources", self.failure)

    def names(self, pod, container):
        return ["test.example/gpu=a"]

    def release(self, pod):
        self.released_at.append(self.cluster.status()["phase"])

    def close(self):
        pass


def test_a_container_waits_for_its_devices_and_they_are_given_back_before_the_pod_is_called_over(cluster, monkeypatch):
    specification = {
        "kind": "test.example/gpu", "devices": [{"name": "a", "containerEdits": {"env": ["GPU=there"]}}],
    }  # fmt: skip
    monkeypatch.setattr("sampan_runtime.cdi.DIRECTORIES", (cluster.home / "cdi",))
    (cluster.home / "cdi").mkdir()
    (cluster.home / "cdi" / "gpu.json").write_text(json.dumps(specification))
    claimed = Claimed(cluster)
    cluster.host.devices = PodDevices([Contributed("test", [claimed])])
    cluster.run("echo GPU is $GPU", restartPolicy="Never")
    told = ("FailedPrepareDynamicResources", "no driver yet")
    cluster.api.until(lambda: told in cluster.events)
    assert cluster.state()["state"]["waiting"]["reason"] == "ContainerCreating"

    claimed.failure = ""

    cluster.api.until(lambda: cluster.status()["phase"] == "Succeeded")
    assert cluster.said() == b"GPU is there\n"
    assert claimed.released_at and "Succeeded" not in claimed.released_at[:1]


class Chosen(Claimed):
    """A device for one pod, chosen when the pod is admitted."""

    def __init__(self, cluster):
        super().__init__(cluster)
        self.failure, self.admitted = "", []

    def names(self, pod, container):
        return []

    def admit(self, pod):
        if self.admitted and not self.released_at:
            return "Allocate failed due to no device, which is unexpected"
        self.admitted.append(pod["metadata"]["name"])
        return ""

    def edits(self, pod, container):
        return Edits((("GPU", "a"), ("OWN", "plugin")))

    def release(self, pod):
        self.released_at.append(pod["metadata"]["name"])


def test_a_pod_whose_devices_cannot_be_had_fails_and_one_that_has_them_gets_its_variables(cluster):
    chosen = Chosen(cluster)
    cluster.host.devices = PodDevices([Contributed("test", [chosen])])
    cluster.run("echo $GPU $OWN; sleep 1000", c0={"env": [{"name": "OWN", "value": "pod"}]})
    cluster.api.until(lambda: cluster.state()["ready"])

    cluster.run("sleep 1000", name="other")

    cluster.api.until(lambda: cluster.status("other")["phase"] == "Failed")
    assert cluster.status("other")["reason"] == "UnexpectedAdmissionError"
    why = "Pod was rejected: Allocate failed due to no device, which is unexpected"
    assert cluster.status("other")["message"] == why
    assert ("UnexpectedAdmissionError", why) in cluster.events
    assert chosen.admitted == ["web"] and len(cluster.host.runtime.containers()) == 1
    cluster.api.until(lambda: cluster.said() == b"a pod\n")


class Following:
    """A plugin's volumes: directories, of which each look is noted."""

    kind = "test"

    def __init__(self):
        self.looks = 0

    def mount(self, use, folder):
        folder.mkdir(parents=True, exist_ok=True)
        return MountedVolume(folder)

    def unmount(self, folder):
        pass

    def refresh(self, use, folder):
        self.looks += 1

    def close(self):
        pass


def test_what_plugins_mounted_is_looked_at_now_and_then_while_the_pod_runs(cluster, monkeypatch):
    monkeypatch.setattr("sampan_node.pod.worker.FOLLOW", 0.05)
    following = cluster.host.mounters = {"test": Following()}
    cluster.run("sleep 1000", volumes=[{"name": "v", "test": {}}])

    cluster.api.until(lambda: following["test"].looks > 1)
