"""How many decisions a second the cycle makes; run by hand, not collected by pytest.

    python tests/plugins/sampan_scheduler/bench_cycle.py [--nodes 1000] [--pods 3000]

Binding is left out: what is measured is reading a pod, deciding, assuming, in seconds of CPU time.
"""

from __future__ import annotations

import argparse
import time

from sampan_scheduler.cycle import Cycle
from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import read_pod
from sampan_scheduler.profiles import own_rules, profile_of

MODES = ("basic", "owned", "apart", "spread", "antiaffinity", "affinity")


def node(number):
    amounts = {"cpu": "32", "memory": "256Gi", "pods": "110"}
    zone = f"zone-{number % 3}"
    labels = {"kubernetes.io/hostname": f"n{number}", "topology.kubernetes.io/zone": zone, "kubernetes.io/os": "linux"}
    return {"metadata": {"name": f"n{number}", "labels": labels}, "spec": {}, "status": {"allocatable": amounts}}


def pod(number, mode):
    labels = {"app": f"app-{number % 20}"}
    selector = {"matchLabels": labels}
    spec = {
        "containers": [{"name": "c", "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}}}],
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"operator": "Exists"}],
    }
    metadata = {"name": f"p{number}", "namespace": "x", "uid": f"u{number}", "labels": labels}
    if mode in ("owned", "apart"):
        metadata["ownerReferences"] = [
            {"uid": f"rs-{number % 20}", "controller": True, "kind": "ReplicaSet", "name": "r"}
        ]
    if mode == "spread":
        zone = "topology.kubernetes.io/zone"
        constraint = {
            "maxSkew": 5,
            "topologyKey": zone,
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": selector,
        }
        spec["topologySpreadConstraints"] = [constraint]
    if mode in ("antiaffinity", "affinity", "apart"):
        key = "kubernetes.io/hostname" if mode != "affinity" else "topology.kubernetes.io/zone"
        term = {"topologyKey": key, "labelSelector": selector}
        kind = "podAntiAffinity" if mode != "affinity" else "podAffinity"
        spec["affinity"] = {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    return {"metadata": metadata, "spec": spec}


def measure(mode, nodes, pods):
    cluster = Cluster()
    for number in range(nodes):
        cluster.set_node(node(number))
    cycle = Cycle(cluster, profile_of(own_rules()))
    placed = 0
    begun = time.process_time()
    for number in range(pods):
        info = read_pod(pod(number, mode), lambda _: frozenset())
        decision = cycle.decide(info).decision
        if decision.node:
            cluster.add_pod(info, decision.node)
            placed += 1
        cluster.trim()
    took = time.process_time() - begun
    print(f"{mode:13} {nodes} nodes, {placed}/{pods} placed: {pods / took:8.0f} pods/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=3000)
    given = parser.parse_args()
    for each in MODES:
        measure(each, given.nodes, given.pods)
