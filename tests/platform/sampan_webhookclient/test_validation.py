"""Addresses of webhooks, as objects name them."""

import pytest

from sampan_webhookclient.validation import validate_address, validate_service, validate_url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://a.b", "'https' is the only allowed URL scheme"),
        ("https://", "host must be specified"),
        ("https://me@a.b", "user information is not permitted"),
        ("https://a.b#c", "fragments are not permitted"),
        ("https://a.b?c", "query parameters are not permitted"),
        ("https://[", "url must be a valid URL"),
        ("https://a.b:port", "url must be a valid URL"),
        ("https://me@", "host must be specified"),
    ],
)
def test_urls(url, words):
    assert any(words in each.message for each in validate_url(url, "u"))


@pytest.mark.parametrize(
    ("service", "paths"),
    [
        ({}, ["s.name", "s.namespace"]),
        ({"name": "a", "namespace": "b", "port": 0}, ["s.port"]),
        ({"name": "a", "namespace": "b", "path": "x"}, ["s.path", "s.path"]),
        ({"name": "a", "namespace": "b", "path": "//"}, ["s.path"]),
        ({"name": "a", "namespace": "b", "path": "/a//b"}, ["s.path"]),
    ],
)
def test_services(service, paths):
    assert [each.path for each in validate_service(service, "s")] == paths


@pytest.mark.parametrize("config", [{}, {"url": "https://a.b", "service": {"name": "a", "namespace": "b"}}])
def test_exactly_one_of_both_is_named(config):
    assert [each.message for each in validate_address(config, "c")] == [
        "Required value: exactly one of url or service is required"
    ]
