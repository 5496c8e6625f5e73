from __future__ import annotations

import base64
import json

import jwt

from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import Key, Remove, Requeue
from sampan_auth.cluster_info import (
    AUTOUPDATE,
    CLUSTER_INFO,
    cluster_info_of,
    content_of,
    decide_expiry,
    decide_signatures,
    manifest,
)
from sampan_machinery.bootstrap_tokens import is_signed, signature
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import CONFIG_MAPS, SECRETS
from sampan_testing.shelves import Shelf

NOW = 1_800_000_000.0
CONTENT = "clusters: []"
KEY = Key("kube-system", "bootstrap-token-abcdef")


def token(name="abcdef", **more):
    data = {"token-id": name, "token-secret": "0123456789abcdef", "usage-bootstrap-signing": "true", **more}
    return {
        "metadata": {"name": f"bootstrap-token-{name}", "namespace": "kube-system", "uid": "7"},
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


def info(**data):
    return {"metadata": {"name": "cluster-info", "namespace": "kube-public"}, "data": {"kubeconfig": CONTENT, **data}}


def signed(*objects):
    placed = [(SECRETS if "uid" in each["metadata"] else CONFIG_MAPS, each) for each in objects]
    return [each.object["data"] for each in decide_signatures(CLUSTER_INFO, Shelf(placed, now=NOW))]


def test_cluster_info_is_signed_with_each_token():
    (data,) = signed(info(), token(), token("ghijkl"))

    head, empty, tail = data["jws-kubeconfig-abcdef"].split(".")
    assert empty == ""
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256", "kid": "abcdef"}
    assert tail
    assert "jws-kubeconfig-ghijkl" in data


def test_the_signature_is_one_that_other_libraries_verify():
    secret = "0123456789abcdef0123456789abcdef"
    head, _, tail = signature(CONTENT, "abcdef", secret).split(".")
    payload = base64.urlsafe_b64encode(CONTENT.encode()).rstrip(b"=").decode()

    assert jwt.api_jws.decode(f"{head}.{payload}.{tail}", secret, algorithms=["HS256"]) == CONTENT.encode()


def test_what_is_signed_already_is_left_alone():
    (data,) = signed(info(), token())

    assert signed({**info(), "data": data}, token()) == []


def test_signatures_of_tokens_that_are_gone_or_may_not_sign_go():
    for other in (
        token(**{"usage-bootstrap-signing": "false"}),
        token(expiration=now_text(NOW - 1)),
        token(expiration="x"),
    ):
        assert signed(info(**{"jws-kubeconfig-abcdef": "old"}), other) == [{"kubeconfig": CONTENT}]
    assert signed(info(**{"jws-kubeconfig-abcdef": "old"})) == [{"kubeconfig": CONTENT}]


def test_without_cluster_info_there_is_nothing_to_sign():
    assert signed(token()) == []
    assert decide_signatures(Key("default", "cluster-info"), Shelf([(CONFIG_MAPS, info())])) == []
    assert list(cluster_info_of(token(), Shelf())) == [CLUSTER_INFO]


def test_a_token_goes_when_its_time_is_over():
    def decided(**more):
        return decide_expiry(KEY, Shelf([(SECRETS, token(**more))], now=NOW))

    assert decided() == decided(expiration="nonsense") == []
    assert decided(expiration=now_text(NOW + 60)) == [Requeue(60.0)]
    assert decided(expiration=now_text(NOW - 60)) == [Remove(SECRETS, KEY.name, KEY.namespace, uid="7")]
    assert decide_expiry(KEY, Shelf()) == []


def follows(**data):
    made = info(**data)
    return {**made, "metadata": {**made["metadata"], "annotations": {AUTOUPDATE: "true"}}}


def decided(found, content):
    shelf = Shelf([(CONFIG_MAPS, found), (SECRETS, token())], now=NOW)
    return [each.object["data"] for each in decide_signatures(CLUSTER_INFO, shelf, content)]


def test_what_is_signed_follows_the_settings_until_a_user_takes_it_over():
    (data,) = decided(follows(), "other")

    assert data["kubeconfig"] == "other"
    assert is_signed("other", data["jws-kubeconfig-abcdef"], "abcdef", "0123456789abcdef")
    assert decided(info(), "other")[0]["kubeconfig"] == CONTENT


def test_cluster_info_names_the_server_as_others_reach_it_its_authority_and_the_network():
    options = ClusterOptions(
        api_endpoint_ip="192.0.2.1", api_port=6443, pod_cidr="10.244.0.0/16", network_mode="routed",
        service_cidr="10.96.0.0/16", node_port_range="30000-32767",
    )  # fmt: skip
    (cluster,) = json.loads(content_of(options, b"PEM"))["clusters"]

    assert cluster["cluster"]["server"] == "https://192.0.2.1:6443"
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == b"PEM"
    (extension,) = cluster["cluster"]["extensions"]
    assert extension["extension"]["mode"] == "routed"
    assert extension["extension"]["podCidr"] == "10.244.0.0/16"


def test_an_address_of_version_6_is_bracketed():
    said = json.loads(content_of(ClusterOptions(api_endpoint_ip="fd00::1", api_port=6443), b"PEM"))

    assert said["clusters"][0]["cluster"]["server"] == "https://[fd00::1]:6443"


def test_a_new_cluster_has_one_that_follows():
    made = manifest("content")

    assert made["metadata"]["annotations"] == {AUTOUPDATE: "true"}
    assert made["data"] == {"kubeconfig": "content"}
