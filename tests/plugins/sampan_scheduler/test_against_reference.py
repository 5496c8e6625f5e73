"""The cycle against a slow straightforward reading of upstream's rules, on random clusters.

The reference looks at every node and every pod for each decision, counts nothing ahead and keeps nothing.
"""

from __future__ import annotations

import math
import random

import pytest

ZONE, HOST, REQUIRED = (
    "topology.kubernetes.io/zone",
    "kubernetes.io/hostname",
    "requiredDuringSchedulingIgnoredDuringExecution",
)
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
MB = 1 << 20


class Reference:
    """``nodes`` and ``pods`` are objects; pods in ``pods`` stand on a node."""

    def __init__(self, nodes, pods):
        self.nodes, self.pods = nodes, pods

    def on(self, node):
        return [pod for pod in self.pods if pod["spec"]["nodeName"] == node["metadata"]["name"]]

    def feasible(self, pod):
        return [
            node for node in self.nodes if self.local(pod, node) and self.spread(pod, node) and self.near(pod, node)
        ]

    def local(self, pod, node):
        spec = pod["spec"]
        if any(not tolerated(pod, t) for t in node["spec"]["taints"] if t["effect"] != "PreferNoSchedule"):
            return False
        if not selected(pod, node):
            return False
        have = node["status"]["allocatable"]
        if len(self.on(node)) + 1 > int(have["pods"]):
            return False
        return all(
            amount(spec, name) <= whole(have[name], name) - sum(amount(p["spec"], name) for p in self.on(node))
            for name in ("cpu", "memory") if amount(spec, name)
        )  # fmt: skip

    def counted(self, pod, each, node, together):
        """Whether a node counts for a spread constraint."""
        if not all(other["topologyKey"] in node["metadata"]["labels"] for other in together):
            return False
        if each.get("nodeAffinityPolicy", "Honor") == "Honor" and not selected(pod, node):
            return False
        hard = [t for t in node["spec"]["taints"] if t["effect"] != "PreferNoSchedule"]
        return each.get("nodeTaintsPolicy") != "Honor" or all(tolerated(pod, t) for t in hard)

    def matching(self, pod, each, node):
        labels = each["labelSelector"]["matchLabels"]
        return sum(
            bool(labels) and matches(labels, p) and "deletionTimestamp" not in p["metadata"]
            and p["metadata"]["namespace"] == pod["metadata"]["namespace"]
            for p in self.on(node)
        )  # fmt: skip

    def spread(self, pod, node):
        hard = [each for each in constraints(pod) if each["whenUnsatisfiable"] == "DoNotSchedule"]
        for each in hard:
            key = each["topologyKey"]
            if key not in node["metadata"]["labels"]:
                return False
            counts = {}
            for other in self.nodes:
                if self.counted(pod, each, other, hard):
                    domain = other["metadata"]["labels"][key]
                    counts[domain] = counts.get(domain, 0) + self.matching(pod, each, other)
            least = min(counts.values()) if len(counts) >= max(each.get("minDomains", 1), 1) else 0
            own = matches(each["labelSelector"]["matchLabels"], pod)
            if counts.get(node["metadata"]["labels"][key], 0) + own - least > each["maxSkew"]:
                return False
        return True

    def near(self, pod, node):
        terms = wanted(pod, "podAffinity")
        found = {}
        for other in self.nodes:
            for p in self.on(other):
                if terms and all(about(term, pod, p) for term in terms):
                    for term in terms:
                        if term["topologyKey"] in other["metadata"]["labels"]:
                            found[term["topologyKey"], other["metadata"]["labels"][term["topologyKey"]]] = True
        labels = node["metadata"]["labels"]
        if any(term["topologyKey"] not in labels for term in terms):
            return False
        first = not found and all(about(term, pod, pod) for term in terms)
        if not first and any((term["topologyKey"], labels[term["topologyKey"]]) not in found for term in terms):
            return False
        for other in self.nodes:
            for p in self.on(other):
                for term, one, two in [
                    *((term, pod, p) for term in wanted(pod, "podAntiAffinity")),
                    *((term, p, pod) for term in wanted(p, "podAntiAffinity")),
                ]:
                    if about(term, one, two) and together(term["topologyKey"], node, other):
                        return False
        return True

    def scores(self, pod):
        """All points by node name."""
        nodes = self.feasible(pod)
        parts = [
            (1, [self.fit(pod, node) for node in nodes]),
            (1, [self.balance(pod, node) for node in nodes]),
            (3, shares([count_disliked(pod, node) for node in nodes], reverse=True)),
            (2, shares([count_liked(pod, node) for node in nodes], reverse=False)),
            (2, self.spread_points(pod, nodes)),
            (2, self.near_points(pod, nodes)),
            (1, [self.image(pod, node) for node in nodes]),
        ]
        return {
            node["metadata"]["name"]: sum(weight * values[i] for weight, values in parts)
            for i, node in enumerate(nodes)
        }

    def fit(self, pod, node):
        total = 0
        for name, least in (("cpu", 100), ("memory", 200 * MB)):
            capacity = whole(node["status"]["allocatable"][name], name)
            asked = sum(amount(p["spec"], name, least) for p in (*self.on(node), pod))
            total += (capacity - asked) * 100 // capacity if asked <= capacity else 0
        return total // 2

    def balance(self, pod, node):
        if not amount(pod["spec"], "cpu") and not amount(pod["spec"], "memory"):
            return 0

        def level(pods):
            used = []
            for name in ("cpu", "memory"):
                capacity = whole(node["status"]["allocatable"][name], name)
                used.append(min(1, sum(amount(p["spec"], name) for p in pods) / capacity))
            return int((1 - abs((used[0] - used[1]) / 2)) * 100)

        return 50 + (50 + level([*self.on(node), pod]) - level(self.on(node))) // 2

    def spread_points(self, pod, nodes):
        soft = [each for each in constraints(pod) if each["whenUnsatisfiable"] == "ScheduleAnyway"]
        if not soft:
            return [0] * len(nodes)
        among = [n for n in nodes if all(each["topologyKey"] in n["metadata"]["labels"] for each in soft)]
        raw = {}
        for node in among:
            score = 0.0
            for each in soft:
                key = each["topologyKey"]
                if key == HOST:
                    size, count = len(among), self.matching(pod, each, node)
                else:
                    size = len({n["metadata"]["labels"][key] for n in among})
                    count = sum(
                        self.matching(pod, each, other) for other in self.nodes
                        if self.counted(pod, each, other, soft) and together(key, node, other)
                    )  # fmt: skip
                score += count * math.log(size + 2) + each["maxSkew"] - 1
            raw[node["metadata"]["name"]] = math.floor(score + 0.5)
        most, least = max(raw.values(), default=0), min(raw.values(), default=0)
        return [
            0 if n["metadata"]["name"] not in raw
            else 100 * (most + least - raw[n["metadata"]["name"]]) // most if most else 100
            for n in nodes
        ]  # fmt: skip

    def near_points(self, pod, nodes):
        raw = []
        for node in nodes:
            total = 0
            for other in self.nodes:
                for p in self.on(other):
                    for one, two in ((pod, p), (p, pod)):
                        for kind, sign in (("podAffinity", 1), ("podAntiAffinity", -1)):
                            for each in preferred(one, kind):
                                term = each["podAffinityTerm"]
                                if about(term, one, two) and together(term["topologyKey"], node, other):
                                    total += sign * each["weight"]
                    for term in wanted(p, "podAffinity"):
                        total += about(term, p, pod) and together(term["topologyKey"], node, other)
            raw.append(total)
        least, most = min(raw, default=0), max(raw, default=0)
        return [int(100 * ((value - least) / (most - least))) if most > least else 0 for value in raw]

    def image(self, pod, node):
        total = 0
        for container in pod["spec"]["containers"]:
            having = [n for n in self.nodes if container["image"] in images(n)]
            if container["image"] in images(node):
                total += int(images(node)[container["image"]] * (len(having) / len(self.nodes)))
        least, most = 23 * MB, 1000 * MB * len(pod["spec"]["containers"])
        return 100 * (min(max(total, least), most) - least) // (most - least)


def images(node):
    return {name: image["sizeBytes"] for image in node["status"]["images"] for name in image["names"]}


def whole(text, name):
    return int(text[:-1]) * 1 if name == "cpu" and text.endswith("m") else int(text) * (1000 if name == "cpu" else 1)


def amount(spec, name, least=0):
    requests = spec["containers"][0]["resources"]["requests"]
    return whole(requests[name], name) if name in requests else least


def tolerated(pod, taint):
    return any(t["key"] == taint["key"] for t in pod["spec"].get("tolerations", ()))


def selected(pod, node):
    labels = node["metadata"]["labels"]
    return all(labels.get(key) == value for key, value in pod["spec"].get("nodeSelector", {}).items())


def matches(wanted, pod):
    return all(pod["metadata"]["labels"].get(key) == value for key, value in wanted.items())


def about(term, one, two):
    return one["metadata"]["namespace"] == two["metadata"]["namespace"] and matches(
        term["labelSelector"]["matchLabels"], two
    )


def together(key, node, other):
    return key in node["metadata"]["labels"] and node["metadata"]["labels"][key] == other["metadata"]["labels"].get(key)


def constraints(pod):
    return pod["spec"].get("topologySpreadConstraints", ())


def wanted(pod, kind):
    return pod["spec"].get("affinity", {}).get(kind, {}).get(REQUIRED, ())


def preferred(pod, kind):
    return pod["spec"].get("affinity", {}).get(kind, {}).get(PREFERRED, ())


def count_disliked(pod, node):
    return sum(t["effect"] == "PreferNoSchedule" and not tolerated(pod, t) for t in node["spec"]["taints"])


def count_liked(pod, node):
    terms = pod["spec"].get("affinity", {}).get("nodeAffinity", {}).get(PREFERRED, ())
    return sum(
        each["weight"] for each in terms
        if all(node["metadata"]["labels"].get(e["key"]) in e["values"] for e in each["preference"]["matchExpressions"])
    )  # fmt: skip


def shares(values, *, reverse):
    most = max(values, default=0)
    points = [100 * value // most if most else 0 for value in values]
    return [100 - value for value in points] if reverse else points


def random_node(build, rng, number):
    labels = {"disk": rng.choice(("ssd", "hdd"))}
    taints = [
        {"key": rng.choice("ab"), "effect": rng.choice(("NoSchedule", "PreferNoSchedule", "PreferNoSchedule"))}
        for _ in range(rng.choice((0, 0, 1, 2)))
    ]
    node = build.node(f"n{number}", zone=rng.choice(("x", "y", "z", "")), labels=labels, taints=taints,
                      cpu=rng.choice(("4", "7")), memory=str(rng.choice((8, 9)) << 30), pods="9")  # fmt: skip
    node["status"]["images"] = [
        {"names": [f"image{i}:latest"], "sizeBytes": rng.randrange(900) * MB} for i in rng.sample(range(3), 2)
    ]
    return node


def random_pod(build, rng, number):
    def labels():
        return {"app": rng.choice("abc")}

    def term():
        return build.term(labels(), rng.choice((ZONE, ZONE, HOST)))

    affinity = {}
    for kind in ("podAffinity", "podAntiAffinity"):
        found = affinity[kind] = {}
        if rng.random() < 0.15:
            found[REQUIRED] = [term() for _ in range(rng.choice((1, 2)))]
        if rng.random() < 0.3:
            found[PREFERRED] = [{"weight": rng.randint(1, 100), "podAffinityTerm": term()} for _ in range(2)]
    if rng.random() < 0.3:
        expression = {"key": "disk", "operator": "In", "values": [rng.choice(("ssd", "hdd"))]}
        affinity["nodeAffinity"] = {PREFERRED: [{"weight": 7, "preference": {"matchExpressions": [expression]}}]}
    spec = {"affinity": affinity}
    spread = [
        build.spread(
            rng.choice(({}, labels(), labels())), key=key, skew=rng.randint(1, 3), hard=rng.random() < 0.4,
            nodeAffinityPolicy=rng.choice(("Honor", "Ignore")), nodeTaintsPolicy=rng.choice(("Honor", "Ignore")),
        )
        for key in rng.sample((ZONE, HOST), rng.choice((0, 0, 1, 2)))
    ]  # fmt: skip
    for each in spread:
        if each["whenUnsatisfiable"] == "DoNotSchedule" and rng.random() < 0.5:
            each["minDomains"] = rng.randint(1, 4)
    if spread:
        spec["topologySpreadConstraints"] = spread
    if rng.random() < 0.3:
        spec["nodeSelector"] = {"disk": "ssd"}
    if rng.random() < 0.5:
        spec["tolerations"] = [{"key": rng.choice("ab"), "operator": "Exists"}]
    amounts = {}
    if rng.random() < 0.8:
        amounts = {"cpu": f"{rng.randrange(1, 15) * 100}m", "memory": str(rng.randrange(1, 2000) * MB)}
    pod = build.pod(f"p{number}", labels=labels(), namespace=rng.choice(("default", "other")), **amounts, **spec)
    pod["spec"]["containers"][0]["image"] = f"image{rng.randrange(4)}"
    pod["spec"]["containers"][0]["image"] += ":latest"
    return pod


@pytest.mark.parametrize("seed", range(12))
def test_the_cycle_says_of_every_node_what_the_reference_says(build, place, seed):
    rng = random.Random(seed)
    nodes = [random_node(build, rng, number) for number in range(9)]
    cluster, reference = place(*nodes), Reference(nodes, [])
    placed = 0
    for number in range(40):
        pod = random_pod(build, rng, number)
        expected = reference.scores(pod)

        found = cluster.explain(pod)
        chosen = cluster.node_of(pod)

        totals = dict(found.ranked())
        assert set(totals) == set(expected), pod
        assert totals == expected, pod
        assert (chosen in expected and expected[chosen] == max(expected.values())) if expected else not chosen
        if chosen:
            placed += 1
            pod["spec"]["nodeName"] = chosen
            if rng.random() < 0.1:
                pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            cluster.put(pod)
            reference.pods.append(pod)
        if rng.random() < 0.1 and reference.pods:
            gone = reference.pods.pop(rng.randrange(len(reference.pods)))
            cluster.cluster.remove_pod(gone["metadata"]["uid"])
    assert placed > 5
