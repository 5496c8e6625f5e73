"""The words that are shipped: whole, in order, and held by nothing once a document is made."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import time
import tracemalloc

import pytest

from sampan.contracts.kinds import Kind
from sampan_machinery.openapi import documents as module
from sampan_machinery.openapi.descriptions import Shipped
from sampan_machinery.openapi.documents import Documents
from sampan_machinery.schema import load

POD = "io.k8s.api.core.v1.Pod"
KINDS = [
    Kind(group="", version="v1", kind="Pod", plural="pods", status=True),
    Kind(group="apps", version="v1", kind="Deployment", plural="deployments", status=True),
]
PATHS = ("v2", "v2.protobuf", "api/v1", "apis/apps/v1")


@pytest.fixture(scope="module")
def words():
    return Shipped()


def test_every_definition_of_the_table_but_two_scalars_has_words(words):
    names = sorted(load().table.types)

    found = dict(words.of(names))

    assert list(found) == names
    assert [name.rsplit(".", 1)[1] for name in names if not found[name]] == ["Quantity", "IntOrString"]
    assert found[POD][""].startswith("Pod is a collection of containers")


def test_names_without_words_are_passed_over_wherever_they_stand(words):
    names = ["a", POD, POD + "A", "org.example.v1.Website", "~"]

    assert [(name, bool(text)) for name, text in words.of(names)] == [
        ("a", False), (POD, True), (POD + "A", False), ("org.example.v1.Website", False), ("~", False),
    ]  # fmt: skip


def test_documents_have_descriptions_with_nothing_more_installed():
    assert "kubernetes_validate" not in sys.modules
    documents = Documents(KINDS, load())

    third = json.loads(documents.v3("api/v1"))["components"]["schemas"]
    second = json.loads(documents.v2())["definitions"]

    for definitions in (third, second):
        assert definitions[POD]["properties"]["spec"]["description"].startswith("Specification of the desired behavior")
        container = definitions["io.k8s.api.core.v1.Container"]["properties"]
        assert container["image"]["description"].startswith("Container image name.")
    assert b"Specification of the desired behavior" in documents.v2_protobuf()


def test_what_is_held_of_documents_is_their_compressed_bytes():
    Documents(KINDS, load()).gzipped("v2.protobuf")  # what is loaded once

    def measured():
        documents = Documents(KINDS, load())
        tracemalloc.start()
        try:
            sizes = [len(documents.gzipped(path)) for path in PATHS]
            return sum(sizes), *tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    def is_little():
        sizes, held, peak = measured()
        return held < sizes + 100_000 and peak < held + 6_000_000

    # What a thread of an earlier test allocates meanwhile is counted too, but not every time.
    assert any(is_little() for _ in range(3))


def test_an_uncompressed_document_is_shared_and_then_forgotten(monkeypatch):
    documents = Documents(KINDS, load())
    assert documents.v2() is documents.v2()
    monkeypatch.setattr(module, "PLAIN_FOR", 0.01)
    before = documents.v3("api/v1")

    deadline = time.monotonic() + 30
    while documents._plain.keys() - {"v2"} and time.monotonic() < deadline:
        time.sleep(0.01)

    assert documents._plain.keys() <= {"v2"}
    assert documents.v3("api/v1") == before


def test_every_process_makes_the_same_bytes_and_etags():
    kinds = [(one.group, one.version, one.kind, one.plural) for one in reversed(KINDS)]
    text = f"""if True:
        import hashlib
        from sampan.contracts.kinds import Kind
        from sampan_machinery.openapi.documents import Documents
        from sampan_machinery.schema import load
        kinds = [Kind(group=g, version=v, kind=k, plural=p, status=True) for g, v, k, p in {kinds!r}]
        documents = Documents(kinds, load())
        for path in {PATHS!r}:
            tag = documents.etag(path.removesuffix(".protobuf"))
            print(tag, hashlib.sha256(documents.gzipped(path)).hexdigest())
    """
    said = {
        subprocess.run(
            [sys.executable, "-c", text], env={**os.environ, "PYTHONHASHSEED": seed}, text=True, check=True,
            stdout=subprocess.PIPE,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip

    here = Documents(KINDS, load())
    mine = "".join(
        f"{here.etag(path.removesuffix('.protobuf'))} {hashlib.sha256(here.gzipped(path)).hexdigest()}\n"
        for path in PATHS
    )
    assert said == {mine}


def test_another_file_is_another_etag(tmp_path):
    other = tmp_path / "other.gz"
    other.write_bytes(gzip.compress(b'%s\t{"":"a pod"}\n' % POD.encode()))

    changed = Documents(KINDS, load(), Shipped(other))

    assert changed.etag("api/v1") != Documents(KINDS, load()).etag("api/v1")
    assert json.loads(changed.v3("api/v1"))["components"]["schemas"][POD]["description"] == "a pod"
