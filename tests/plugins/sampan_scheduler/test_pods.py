import pytest

from sampan_scheduler.pods import OWNER, Port, read_pod


def read(labels=None, owner="", kind="ReplicaSet", **spec):
    metadata = {"uid": "1", "namespace": "shop", "name": "web", "labels": labels or {"app": "web"}}
    if owner:
        metadata["ownerReferences"] = [{"kind": kind, "name": "x", "uid": owner, "controller": True}]
    return read_pod({"metadata": metadata, "spec": {"containers": [], **spec}}, lambda selector: frozenset({"a", "b"}))


def container(**requests):
    return {"name": "main", "resources": {"requests": requests}}


def near(**term):
    terms = [{"topologyKey": "zone", **term}]
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (("", "TCP", 80), ("10.0.0.1", "TCP", 80), True),
        (("0.0.0.0", "TCP", 80), ("10.0.0.1", "TCP", 80), True),
        (("10.0.0.1", "TCP", 80), ("10.0.0.1", "TCP", 80), True),
        (("10.0.0.1", "TCP", 80), ("10.0.0.2", "TCP", 80), False),
        (("", "TCP", 80), ("", "UDP", 80), False),
        (("", "TCP", 80), ("", "TCP", 81), False),
    ],
)
def test_ports_clash_on_overlapping_addresses(one, other, clash):
    assert Port(*one).clashes(Port(*other)) is clash
    assert Port(*other).clashes(Port(*one)) is clash


def test_host_ports_of_containers_that_stay_count():
    ports = [{"containerPort": 1, "hostPort": 80}, {"containerPort": 2}]
    dns = {"containerPort": 3, "hostPort": 53, "protocol": "UDP", "hostIP": "10.0.0.1"}
    found = read(
        containers=[{"ports": ports}],
        initContainers=[{"ports": [dns], "restartPolicy": "Always"}, {"ports": [{"hostPort": 99}]}],
    )

    assert found.ports == (Port("", "TCP", 80), Port("10.0.0.1", "UDP", 53))


def test_a_term_without_namespaces_is_about_the_pods_own():
    (term,) = read(affinity=near(labelSelector={"matchLabels": {"app": "db"}})).affinity

    assert term.matches("shop", {"app": "db"})
    assert not term.matches("other", {"app": "db"})
    assert not term.matches("shop", {"app": "web"})


@pytest.mark.parametrize(
    ("term", "namespaces"),
    [
        ({"namespaces": ["x"]}, {"x"}),
        ({"namespaces": ["x"], "namespaceSelector": {"matchLabels": {"team": "a"}}}, {"x", "a", "b"}),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}}, {"a", "b"}),
        ({"namespaceSelector": {}}, None),
    ],
)
def test_the_namespaces_of_a_term(term, namespaces):
    (found,) = read(affinity=near(labelSelector={}, **term)).affinity

    assert found.namespaces == (None if namespaces is None else frozenset(namespaces))


def test_label_keys_narrow_a_term_by_the_pods_own_values():
    (term,) = read(affinity=near(labelSelector={}, matchLabelKeys=["app", "absent"], mismatchLabelKeys=["tier"]),
                   labels={"app": "web", "tier": "x"}).affinity  # fmt: skip

    assert term.matches("shop", {"app": "web"})
    assert not term.matches("shop", {"app": "db"})
    assert not term.matches("shop", {"app": "web", "tier": "x"})


def test_preferences_to_be_apart_weigh_against():
    preferred = [{"weight": 7, "podAffinityTerm": {"topologyKey": "zone", "labelSelector": {}}}]
    affinity = {
        kind: {"preferredDuringSchedulingIgnoredDuringExecution": preferred}
        for kind in ("podAffinity", "podAntiAffinity")
    }

    assert [term.weight for term in read(affinity=affinity).prefers] == [7, -7]


def test_pods_of_a_controller_spread_unless_they_say_how():
    assert read().spread == ()
    assert [(each.topology_key, each.max_skew, each.hard) for each in read(owner="set").spread] == [
        ("kubernetes.io/hostname", 3, False), ("topology.kubernetes.io/zone", 5, False),
    ]  # fmt: skip
    assert read(owner="job", kind="Job").spread == ()
    constraint = {"topologyKey": "rack", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}}
    (spread,) = read(owner="set", topologySpreadConstraints=[constraint]).spread
    assert (spread.topology_key, spread.hard, spread.min_domains) == ("rack", True, 1)


def test_pods_of_one_template_have_one_signature_and_the_controllers_uid_is_no_part_of_it():
    assert read(owner="one").signature == read(owner="two").signature
    assert read(owner="one").labels[OWNER] == "one"
    assert read().signature != read(nodeSelector={"disk": "ssd"}).signature
    assert read().signature != read(containers=[container(cpu="1")]).signature


def test_names_of_images_have_a_tag_as_nodes_report_them():
    found = read(
        initContainers=[{"image": "a.example:5000/init"}], containers=[{"image": "web:1"}, {"image": "b@sha256:1"}],
        volumes=[{"name": "v", "image": {"reference": "data"}}, {"name": "e", "emptyDir": {}}],
    )  # fmt: skip

    assert found.images == ("a.example:5000/init:latest", "web:1", "b@sha256:1", "data:latest")
    assert found.containers == 3


def test_nodes_that_a_pod_names_are_known_unless_one_term_names_none():
    def names(*terms):
        return read(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": list(values)} for values in term]}
                for term in terms
            ]}}}).node_names  # fmt: skip

    assert names(["a"], ["b"]) == {"a", "b"}
    assert names(["ab", "b"]) == {"b"}
    assert names(["a", "b"]) == frozenset()
    assert names(["a"], []) is None
    assert read().node_names is None


def test_pods_with_other_claims_are_not_treated_alike(build):
    def signature(name, *volumes):
        return read_pod(build.pod(name, volumes=list(volumes)), lambda _: frozenset()).signature

    def claim(name):
        return {"name": "v", "persistentVolumeClaim": {"claimName": name}}

    own = {"name": "v", "ephemeral": {"volumeClaimTemplate": {}}}
    assert signature("p", claim("a")) == signature("q", claim("a")) != signature("r", claim("b"))
    assert signature("p", own) != signature("q", own)
    assert signature("p", {"name": "a", "emptyDir": {}}) == signature("q", {"name": "b", "secret": {}})
