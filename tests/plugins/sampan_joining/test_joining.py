from __future__ import annotations

import pytest

from sampan.errors import ConfigError, NotFound
from sampan_joining.joining import address_of, address_towards, node_name, require_new, url_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1", ("192.0.2.1", 6443)), ("192.0.2.1:7443", ("192.0.2.1", 7443)),
        ("https://first.example:6443/", ("first.example", 6443)), ("fd00::1", ("fd00::1", 6443)),
        ("[fd00::1]:7443", ("fd00::1", 7443)), ("[fd00::1]", ("fd00::1", 6443)),
    ],
)  # fmt: skip
def test_an_api_server_is_named_by_host_and_port(text, found):
    assert address_of(text) == found


@pytest.mark.parametrize("text", ["", ":6443", "a:b", "a:0", "a:70000", "a/b", "me@a", "[fd00::1]6443"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ConfigError, match="no address of an API server"):
        address_of(text)


def test_an_address_of_version_6_is_bracketed_in_the_url():
    assert url_of("fd00::1", 6443) == "https://[fd00::1]:6443"
    assert url_of("192.0.2.1", 1) == "https://192.0.2.1:1"


def test_a_name_that_no_node_can_have_is_refused():
    assert node_name("rack-1.example") == "rack-1.example"
    with pytest.raises(ConfigError, match="--name"):
        node_name("Rack_1")


def test_the_address_is_the_one_towards_the_server():
    assert address_towards("127.0.0.1", 6443) == "127.0.0.1"


class Api:
    def __init__(self, ready=None):
        self.ready = ready

    def get(self, resource, name):
        if self.ready is None:
            raise NotFound(name)
        return {"status": {"conditions": [{"type": "Ready", "status": self.ready}]}}


def test_the_name_of_a_node_that_is_ready_is_taken():
    require_new(Api(), "b")
    require_new(Api("Unknown"), "b")
    with pytest.raises(ConfigError, match="a node b exists and is Ready"):
        require_new(Api("True"), "b")
