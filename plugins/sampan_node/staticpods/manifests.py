"""Manifests of static pods: files of a folder, each a Pod, as the pods that this node runs. Reads files only.

Source: the documentation on static pods; kubelet's file source for names, uids and annotations.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_machinery import yamlin
from sampan_machinery.metadata import now_text
from sampan_node.staticpods.mirrors import HASH, MIRROR, SOURCE
from sampan_podspec.defaults import default_pod
from sampan_podspec.requests import qos_class
from sampan_podspec.validation import pod_spec

SEEN = "kubernetes.io/config.seen"
ENDINGS = (".yaml", ".yml", ".json")
LARGEST = 1 << 20  # bytes of a manifest
EVERYWHERE = {"operator": "Exists", "effect": "NoExecute"}


class Found(NamedTuple):
    pods: dict[str, Object]  # by uid
    problems: dict[str, str]  # file name -> why it is no pod


def read(folder: Path, node: str, now: float) -> Found:
    """Every manifest of the folder; hidden files and other endings are passed over."""
    found = Found({}, {})
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.name.startswith(".") or file.suffix not in ENDINGS or not file.is_file():
            continue
        try:
            pod = static_pod(_text(file), node, now)
        except (OSError, ValueError, SampanError) as error:
            found.problems[file.name] = str(error)
            continue
        found.pods.setdefault(pod["metadata"]["uid"], pod)
    return found


def _text(file: Path) -> bytes:
    with open(file, "rb") as source:
        text = source.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError(f"is larger than {LARGEST} bytes")
    return text


def static_pod(text: bytes, node: str, now: float) -> Object:
    """The pod of a manifest; raises ValueError or SampanError where it is none that a node can run alone."""
    pod = yamlin.decode(text)
    if not isinstance(pod, dict) or pod.get("kind") != "Pod" or not isinstance(pod.get("spec"), dict):
        raise ValueError("is not a Pod")
    meta = dict(pod.get("metadata") or {})
    if not meta.get("name"):
        raise ValueError("metadata.name is missing")
    uid = hashlib.md5(text + f"file:{node}".encode(), usedforsecurity=False).hexdigest()
    annotations = {**(meta.get("annotations") or {}), HASH: uid, SOURCE: "file", SEEN: now_text(now)}
    made: Object = {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            **meta, "name": f"{meta['name']}-{node}", "namespace": meta.get("namespace") or "default", "uid": uid,
            "annotations": annotations, "creationTimestamp": now_text(now),
        },
        "spec": {**pod["spec"], "nodeName": node, "tolerations": [*(pod["spec"].get("tolerations") or ()), EVERYWHERE]},
    }  # fmt: skip
    default_pod(made)
    _check(made)
    made["status"] = {"phase": "Pending", "qosClass": qos_class(made["spec"])}
    return made


def _check(pod: Object) -> None:
    """What every pod keeps, and that it needs nothing of the API."""
    if problem := next(iter(pod_spec(pod["spec"])), None):
        raise ValueError(f"{problem.path}: {problem.message}")
    said = json.dumps(pod["spec"])
    for name in ("serviceAccountToken", "configMapRef", "secretRef", "configMapKeyRef", "secretKeyRef",
                 "persistentVolumeClaim"):  # fmt: skip
        if f'"{name}"' in said:
            raise ValueError(f"a static pod may not refer to objects of the API ({name})")
    if pod["spec"].get("serviceAccountName"):
        raise ValueError("a static pod may not refer to objects of the API (serviceAccountName)")
    if any({"secret", "configMap"} & set(volume) for volume in pod["spec"].get("volumes") or ()):
        raise ValueError("a static pod may not refer to objects of the API (volumes)")


def mirror(pod: Object, owner: Object) -> Object:
    """What the API is shown of a static pod; ``owner`` is the Node."""
    meta = pod["metadata"]
    reference = {"apiVersion": "v1", "kind": "Node", "name": owner["metadata"]["name"],
                 "uid": owner["metadata"]["uid"], "controller": True}  # fmt: skip
    return {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            **{key: meta[key] for key in ("name", "namespace", "labels") if key in meta},
            "annotations": {**meta["annotations"], MIRROR: meta["annotations"][HASH]}, "ownerReferences": [reference],
        },
        "spec": pod["spec"],
    }  # fmt: skip
