import base64
import json

import pytest

from sampan_node.pod.registries import fits, fitting, of_secret, repository


@pytest.mark.parametrize(
    ("server", "image"),
    [
        ("https://index.docker.io/v1/", "nginx"),
        ("docker.io", "library/nginx:1"),
        ("registry.example:5000", "registry.example:5000/team/web:1"),
        ("https://registry.example:5000/v2/", "registry.example:5000/team/web"),
        ("*.example.com", "eu.example.com/web"),
        ("registry.example/team", "registry.example/team/web@sha256:abc"),
        ("localhost", "localhost/web"),
    ],
)
def test_an_entry_fits_the_registry_it_names(server, image):
    assert fits(server, image)


@pytest.mark.parametrize(
    ("server", "image"),
    [
        ("registry.example", "registry.example:5000/web"),
        ("*.example.com", "a.b.example.com/web"),
        ("registry.example/team", "registry.example/other/web"),
        ("registry.example", "nginx"),
        ("docker.io", "registry.example/nginx"),
        ("", "nginx"),
    ],
)
def test_and_no_other(server, image):
    assert not fits(server, image)


def test_the_most_specific_comes_first():
    entries = {
        "r.example": {"username": "all", "password": "1"},
        "r.example/team": {"auth": base64.b64encode(b"team:a:b").decode()},
        "other.example": {"username": "x"},
    }

    assert fitting(entries, "r.example/team/web") == [
        {"username": "team", "password": "a:b", "serveraddress": "r.example/team"},
        {"username": "all", "password": "1", "serveraddress": "r.example"},
    ]


def secret(key, value):
    return {"data": {key: base64.b64encode(value).decode()}}


def test_both_kinds_of_secrets_are_read():
    entries = {"r.example": {"username": "u", "password": "p"}}
    new = secret(".dockerconfigjson", json.dumps({"auths": entries}).encode())
    old = secret(".dockercfg", json.dumps(entries).encode())

    assert of_secret(new, "r.example/web") == of_secret(old, "r.example/web")
    assert of_secret(new, "r.example/web")[0]["username"] == "u"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"no json",
        b"[]",
        b'{"auths": []}',
        b'{"auths": {"r.example": 1}}',
        b'{"auths": {"r.example": {"auth": "?"}}}',
        b"\xff",
    ],
)
def test_one_that_cannot_be_read_counts_as_none(value):
    assert of_secret(secret(".dockerconfigjson", value), "r.example/web") == []
    assert of_secret(None, "r.example/web") == []


@pytest.mark.parametrize(
    ("image", "named"),
    [
        ("busybox", "docker.io/library/busybox"),
        ("team/app:1", "docker.io/team/app"),
        ("localhost:5000/app:1@sha256:00", "localhost:5000/app"),
        ("registry.example/a/b/c", "registry.example/a/b/c"),
    ],
)
def test_a_repository_is_the_whole_name_without_tag_and_digest(image, named):
    assert repository(image) == named
