from __future__ import annotations

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import BadRequest, Forbidden
from sampan_accounts.pods import ServiceAccount
from sampan_machinery.resources import SERVICE_ACCOUNTS as ACCOUNTS
from sampan_testing.shelves import Shelf

POD = Kind(group="", version="v1", kind="Pod", plural="pods")
PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def account(name, **more):
    return ACCOUNTS, {"metadata": {"name": name, "namespace": "a"}, **more}


def admitted(spec, *accounts, annotations=None):
    pod = {
        "metadata": {"name": "web", "annotations": annotations or {}},
        "spec": {"containers": [{"name": "c"}], **spec},
    }
    review = Review("CREATE", POD, "", "a", "web", pod, None, ANONYMOUS, False, Shelf(accounts or [account("default")]))
    ServiceAccount(lambda: "abcde").admit(review)
    return review


def test_a_pod_runs_as_the_default_account_with_its_token():
    spec = admitted({"initContainers": [{"name": "i"}]}).object["spec"]

    mount = {"name": "kube-api-access-abcde", "readOnly": True, "mountPath": PATH}
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "default"
    assert spec["containers"] == [{"name": "c", "volumeMounts": [mount]}]
    assert spec["initContainers"] == [{"name": "i", "volumeMounts": [mount]}]
    assert [volume["name"] for volume in spec["volumes"]] == ["kube-api-access-abcde"]
    assert spec["volumes"][0]["projected"]["sources"][0] == {
        "serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}
    }


@pytest.mark.parametrize(
    ("pod", "owner", "mounted"),
    [(None, None, True), (None, False, False), (True, False, True), (False, True, False), (False, None, False)],
)
def test_the_pods_word_on_mounting_goes_first(pod, owner, mounted):
    spec = {} if pod is None else {"automountServiceAccountToken": pod}
    more = {} if owner is None else {"automountServiceAccountToken": owner}

    assert ("volumes" in admitted(spec, account("default", **more)).object["spec"]) is mounted


def test_a_container_with_its_own_mount_there_is_left_alone():
    own = {"name": "c", "volumeMounts": [{"name": "mine", "mountPath": PATH}]}

    spec = admitted({"containers": [own]}).object["spec"]

    assert spec["containers"] == [own]
    assert "volumes" not in spec


def test_the_accounts_pull_secrets_are_taken_unless_the_pod_has_its_own():
    owner = account("default", imagePullSecrets=[{"name": "hub"}])

    assert admitted({}, owner).object["spec"]["imagePullSecrets"] == [{"name": "hub"}]
    own = [{"name": "mine"}]
    assert admitted({"imagePullSecrets": own}, owner).object["spec"]["imagePullSecrets"] == own


def test_an_account_that_is_not_there_is_refused():
    with pytest.raises(Forbidden) as refused:
        admitted({"serviceAccountName": "ghost"})

    assert refused.value.message == (
        'pods "web" is forbidden: error looking up service account a/ghost: serviceaccount "ghost" not found'
    )


def test_a_missing_default_account_is_made_with_the_pod():
    review = admitted({}, account("other"))

    assert [made["metadata"]["name"] for made in review.also_create] == ["default"]


def test_a_mirror_pod_has_no_account():
    mirror = {"kubernetes.io/config.mirror": "x"}

    assert "serviceAccountName" not in admitted({}, annotations=mirror).object["spec"]
    with pytest.raises(BadRequest):
        admitted({"serviceAccountName": "default"}, annotations=mirror)
