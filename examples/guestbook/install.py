"""Put the guestbook into the running cluster, wait for it, write and read a line, and say where it is.

What a user would do with kubectl, done with sampan's own client, so that a machine without kubectl can do it too.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from pathlib import Path

import yaml

from sampan.contracts.kinds import Resource
from sampan.errors import StatusError
from sampan_client import Client
from sampan_settings.settings import load

HERE = Path(__file__).parent
IMAGE = "python:3.12-slim"
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SERVICES = Resource("", "v1", "services", "Service")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
NODES = Resource("", "v1", "nodes", "Node", False)
PODS = Resource("", "v1", "pods", "Pod")
BY_KIND = {"Service": SERVICES, "Deployment": DEPLOYMENTS}
PATIENCE = 180.0  # seconds for the guestbook to become ready, an image pull included


def main() -> int:
    settings = load()
    client = Client.from_kubeconfig(str(settings.home / "kubeconfig"))
    image = choose_image(client)
    manifests = list(yaml.safe_load_all((HERE / "guestbook.yaml").read_text()))
    code = {name: (HERE / name).read_text() for name in ("backend.py", "frontend.py")}
    apply(client, CONFIG_MAPS, {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "guestbook-code", "namespace": "default"},
        "data": code,
    })  # fmt: skip
    for manifest in manifests:
        if manifest["kind"] == "Deployment":
            template = manifest["spec"]["template"]["spec"]
            template["containers"][0]["image"] = image
            for volume in template["volumes"]:
                if "hostPath" in volume:  # each cluster keeps a book of its own
                    volume["hostPath"]["path"] = str(settings.home / "guestbook")
        apply(client, BY_KIND[manifest["kind"]], manifest)
    names = [m["metadata"]["name"] for m in manifests if m["kind"] == "Deployment"]
    if not wait_ready(client, names):
        return 1
    address = client.get(SERVICES, "guestbook", "default")["spec"]["clusterIP"]
    url = f"http://{address}:8080/"
    print(f"  app      {url}")
    text = f"hello from {os.environ.get('USER') or 'make up'} at {time.strftime('%H:%M:%S')}"
    ask(url, text.encode())
    print(f"  answer   {ask(url).strip()}")
    print(f"\nexport KUBECONFIG={settings.home / 'kubeconfig'}")
    return 0


def choose_image(client: Client) -> str:
    """The image to run: the one named, or where no registry is in reach an honest stand-in that says so."""
    node = client.list(NODES).items[0]
    runtime = node["status"]["nodeInfo"]["containerRuntimeVersion"]
    if not runtime.startswith("docker"):
        print(f"  image    pods run as host processes ({runtime}): {IMAGE} stands for this machine's Python")
        return IMAGE
    from standin import stand_in

    return stand_in(IMAGE)


def apply(client: Client, resource: Resource, manifest: dict) -> None:
    name = manifest["metadata"]["name"]
    client.patch(resource, name, manifest, "default", how="apply", field_manager="guestbook", force=True)


def wait_ready(client: Client, names: list[str]) -> bool:
    """Until each Deployment is available; says what is wrong with which pod when it takes too long."""
    deadline = time.monotonic() + PATIENCE
    waiting = list(names)
    while waiting:
        for name in list(waiting):
            deployment = client.get(DEPLOYMENTS, name, "default")
            status = deployment.get("status") or {}
            current = status.get("observedGeneration") == deployment["metadata"]["generation"]
            if (
                current
                and status.get("availableReplicas") == status.get("updatedReplicas") == deployment["spec"]["replicas"]
            ):
                print(f"  ready    {name}")
                waiting.remove(name)
        if waiting and time.monotonic() > deadline:
            print(f"not ready after {PATIENCE:.0f} s: {', '.join(waiting)}", file=sys.stderr)
            for pod in client.list(PODS, "default").items:
                print(f"  {pod['metadata']['name']}: {pod['status'].get('phase')} {reasons(pod)}", file=sys.stderr)
            return False
        time.sleep(0.05)
    return True


def reasons(pod: dict) -> str:
    states = [c.get("state", {}).get("waiting", {}) for c in pod["status"].get("containerStatuses", ())]
    return "; ".join(f"{s.get('reason', '')} {s.get('message', '')}".strip() for s in states if s)


def ask(url: str, data: bytes | None = None) -> str:
    """GET, or POST with data; the first tries may come before the Service's rules are in place."""
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, data=data, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (StatusError, OSError) as error:
        sys.exit(f"guestbook: {error}")
