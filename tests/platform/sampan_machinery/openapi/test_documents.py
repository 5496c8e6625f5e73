import gzip
import json

import pytest

from sampan.contracts.kinds import Kind, Scale
from sampan.contracts.serving import Subresource
from sampan_machinery.openapi import Documents
from sampan_machinery.openapi.descriptions import Given
from sampan_machinery.schema import load

DEPLOYMENT = Kind(group="apps", version="v1", kind="Deployment", plural="deployments", status=True, scale=Scale())
NAMESPACE = Kind(group="", version="v1", kind="Namespace", plural="namespaces", namespaced=False)
EVICTION = Subresource(name="eviction", kind="Eviction", group="policy", serve=lambda call: None)
POD = Kind(group="", version="v1", kind="Pod", plural="pods", status=True, subresources=(EVICTION,))
PATCHES = {
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
}
ITEM = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"


@pytest.fixture(scope="module")
def documents():
    return Documents([DEPLOYMENT, NAMESPACE, POD], load(), Given({}))


@pytest.fixture(scope="module")
def apps(documents):
    return json.loads(documents.v3("apis/apps/v1"))


def refs(value):
    if isinstance(value, dict):
        for name, child in value.items():
            if name == "$ref":
                yield child
            else:
                yield from refs(child)
    elif isinstance(value, list):
        for child in value:
            yield from refs(child)


def test_the_index_names_each_group_and_version_with_its_hash(documents):
    paths = documents.v3_index()["paths"]

    assert sorted(paths) == ["api/v1", "apis/apps/v1"]
    url = paths["apis/apps/v1"]["serverRelativeURL"]
    assert url == f"/openapi/v3/apis/apps/v1?hash={documents.etag('apis/apps/v1')}"


def test_nothing_is_served_where_nothing_is(documents):
    assert documents.v3("apis/nothing/v1") is None
    assert documents.gzipped("apis/nothing/v1") is None


@pytest.mark.parametrize("path", ["v2", "api/v1", "apis/apps/v1"])
def test_every_reference_leads_somewhere(documents, path):
    whole = json.loads(documents.v2() if path == "v2" else documents.v3(path))
    known = whole["definitions"] if path == "v2" else whole["components"]["schemas"]

    assert {ref.rsplit("/", 1)[1] for ref in refs(whole)} <= set(known)
    assert len(known) > 20


def test_a_patch_operation_has_the_extensions_that_kubectl_needs(apps):
    patch = apps["paths"][ITEM]["patch"]

    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert patch["x-kubernetes-action"] == "patch"
    assert {"fieldValidation", "dryRun"} <= {parameter["name"] for parameter in patch["parameters"]}
    assert set(patch["requestBody"]["content"]) == PATCHES


def test_answers_name_their_media_types(apps, documents):
    objects = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
    streams = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"]
    collection = ITEM.removesuffix("/{name}")

    assert list(apps["paths"][ITEM]["get"]["responses"]["200"]["content"]) == objects
    assert list(apps["paths"][collection]["get"]["responses"]["200"]["content"]) == objects + streams
    old = json.loads(documents.v2())["paths"]
    assert old[ITEM]["patch"]["produces"] == objects
    assert old[collection]["get"]["produces"] == objects + streams


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("path", [ITEM, ITEM + "/status"])
def test_writes_can_be_validated_and_tried(apps, path, method):
    names = {parameter["name"] for parameter in apps["paths"][path][method]["parameters"]}

    assert {"fieldValidation", "dryRun"} <= names


def test_subresources_have_their_own_kind(apps, documents):
    assert apps["paths"][ITEM + "/scale"]["get"]["x-kubernetes-group-version-kind"]["kind"] == "Scale"
    core = json.loads(documents.v3("api/v1"))
    eviction = core["paths"]["/api/v1/namespaces/{namespace}/pods/{name}/eviction"]
    assert eviction["post"]["x-kubernetes-group-version-kind"]["group"] == "policy"


def test_cluster_wide_kinds_have_no_namespace_in_their_path(documents):
    paths = json.loads(documents.v3("api/v1"))["paths"]

    assert "/api/v1/namespaces/{name}" in paths
    assert "/api/v1/pods" in paths


def test_list_keys_that_default_say_so(apps):
    port = apps["components"]["schemas"]["io.k8s.api.core.v1.ContainerPort"]["properties"]["protocol"]

    assert port["default"] == "TCP"


def test_nothing_stands_beside_a_reference_in_version_3(apps):
    metadata = apps["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]["properties"]["metadata"]

    assert metadata["allOf"] == [{"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}]
    assert metadata["description"].startswith("Standard object's metadata")


def test_operations_have_names_of_their_own(documents):
    whole = json.loads(documents.v2())
    names = [op["operationId"] for item in whole["paths"].values() for op in item.values() if isinstance(op, dict)]

    assert len(names) == len(set(names))


def test_upstreams_descriptions_come_first():
    words = Given({"io.k8s.api.core.v1.Pod": {"": "a pod", "kind": "which kind"}})
    documents = Documents([POD], load(), words)

    pod = json.loads(documents.v3("api/v1"))["components"]["schemas"]["io.k8s.api.core.v1.Pod"]

    assert pod["description"] == "a pod"
    assert pod["properties"]["kind"]["description"] == "which kind"
    assert pod["properties"]["apiVersion"]["description"].startswith("APIVersion defines")


def test_documents_are_kept_and_their_etags_follow_the_kinds(documents):
    other = Documents([DEPLOYMENT], load(), Given({}))

    assert documents.gzipped("v2") is documents.gzipped("v2")
    assert gzip.decompress(documents.gzipped("v2")) == documents.v2()
    assert documents.etag("apis/apps/v1") == other.etag("apis/apps/v1")
    assert documents.etag("v2") != other.etag("v2")
