from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan_machinery.resources import PODS
from sampan_testing.shelves import Shelf


def make_pod(name="web", node="n1", *, namespace="shop", annotations=None, status=None, **spec):
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", "annotations": annotations or {}},
        "spec": {"nodeName": node, "containers": [{"name": "c"}], **spec},
        "status": status or {},
    }


@pytest.fixture(name="pod")
def _pod():
    return make_pod


@pytest.fixture
def shelf():
    def build(*pods):
        return Shelf((PODS, pod) for pod in pods)

    return build


@pytest.fixture
def node_user():
    return lambda name="n1": User(f"system:node:{name}", ("system:nodes", "system:authenticated"))
