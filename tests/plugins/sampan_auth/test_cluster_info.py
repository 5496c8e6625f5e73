from __future__ import annotations

import base64
import json

import jwt

from sampan.contracts.reconciling import Key, Remove, Requeue
from sampan_auth.cluster_info import CLUSTER_INFO, cluster_info_of, decide_expiry, decide_signatures, signature
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
