from __future__ import annotations

import time

import pytest

from sampan.errors import NotFound
from sampan_machinery.resources import CSI_NODES, NODES


class Api:
    """get, create, update and merge-patch of objects in memory."""

    def __init__(self):
        self.objects = {(NODES, "n"): {"metadata": {"name": "n", "uid": "u", "labels": {}}}}

    def get(self, resource, name, namespace=""):
        if (resource, name) not in self.objects:
            raise NotFound(name)
        return self.objects[resource, name]

    def create(self, resource, obj):
        self.objects[resource, obj["metadata"]["name"]] = obj
        return obj

    update = create

    def patch(self, resource, name, patch, namespace="", *, subresource=""):
        if subresource == "status":
            self.objects[resource, name].setdefault("status", {}).update(patch["status"])
            return
        self.objects[resource, name]["metadata"]["labels"] |= patch["metadata"]["labels"]

    def drivers(self):
        return {one["name"]: one for one in self.objects.get((CSI_NODES, "n"), {"spec": {}})["spec"].get("drivers", ())}


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def until():
    def wait(what, seconds=60):
        end = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < end, f"not within {seconds} s"
            time.sleep(0.02)
        return found

    return wait
