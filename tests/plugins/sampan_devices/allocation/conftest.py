"""Slices, classes and claims in few words, and a search over them."""

import itertools

import pytest

from sampan_devices.allocation import selectors
from sampan_devices.allocation.pools import Pools
from sampan_devices.allocation.records import InUse, Node
from sampan_devices.allocation.results import allocation_of
from sampan_devices.allocation.search import Search

DRIVER = "gpu.test"


class Build:
    def __init__(self):
        self.classes = {"gpu": self.klass("gpu")}
        self.slices = []
        self.devices, self.capacity = {}, {}
        self.node_labels = {}

    def klass(self, name, *expressions, **spec):
        selectors = [{"cel": {"expression": each}} for each in expressions]
        found = {"metadata": {"name": name}, "spec": {"selectors": selectors, **spec}}
        if hasattr(self, "classes"):
            self.classes[name] = found
        return found

    def slice(self, *devices, name="", pool="p", driver=DRIVER, generation=1, count=1, **spec):
        listed = [each if isinstance(each, dict) else {"name": each} for each in devices]
        where = {} if {"nodeName", "nodeSelector", "perDeviceNodeSelection"} & spec.keys() else {"allNodes": True}
        found = {
            "metadata": {"name": name or f"s{len(self.slices)}", "resourceVersion": str(len(self.slices))},
            "spec": {"driver": driver, "devices": listed, **where, **spec,
                     "pool": {"name": pool, "generation": generation, "resourceSliceCount": count}},
        }  # fmt: skip
        self.slices.append(found)
        return found

    def request(self, name="r", *expressions, klass="gpu", **spec):
        selectors = [{"cel": {"expression": each}} for each in expressions]
        mode = {"allocationMode": "ExactCount", "count": 1}
        return {"name": name, "exactly": {"deviceClassName": klass, "selectors": selectors, **mode, **spec}}

    def first_of(self, name, *alternatives):
        return {"name": name, "firstAvailable": [{"name": each["name"], **each["exactly"]} for each in alternatives]}

    def claim(self, *requests, name="c", **devices):
        metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
        return {"metadata": metadata, "spec": {"devices": {"requests": list(requests), **devices}}}


@pytest.fixture
def build():
    return Build()


@pytest.fixture
def search(build):
    def make(*claims, node="n"):
        shares = itertools.count(1)
        pools = Pools(build.slices).on(Node(node, build.node_labels))

        def matches(expression, candidate):
            return selectors.matches(expression, candidate.id.driver, candidate.device)

        in_use = InUse(build.devices, build.capacity)
        return Search(claims, pools, in_use, build.classes.get, matches, lambda: f"share-{next(shares)}")

    return make


@pytest.fixture
def found(search):
    """found(*claims): the names of each claim's devices; None where there are not enough."""

    def names(*claims, node="n"):
        taken = search(*claims, node=node).run()
        return None if taken is None else [[each.candidate.id.device for each in one] for one in taken]

    return names


@pytest.fixture
def allocated(build, search):
    """The allocation of one claim."""

    def allocation(claim, node="n"):
        return allocation_of(claim, search(claim, node=node).run()[0], Node(node, build.node_labels))

    return allocation
