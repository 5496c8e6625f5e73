from __future__ import annotations

import json

import pytest

from sampan_operate.supervisor import effective
from sampan_settings.settings import parse

RUNNING = {
    "home": "/h",
    "api": {"port": 7000, "names": ["a", "b"]},
    "deadlines": {"boot": 3.0},
    "addons": ["dns"],
    "plugins": {"dns": {"port": 53}, "auth": {"token_file": "one"}},
}


def test_what_is_recorded_is_read_as_it_was():
    settings = parse(RUNNING)

    assert effective.recorded(json.loads(json.dumps({"settings": effective.record(settings)}))) == settings


@pytest.mark.parametrize("state", [{}, {"settings": 7}, {"settings": {"of another": "version"}}])
def test_without_a_record_there_are_no_settings(state):
    assert effective.recorded(state) is None


def test_the_same_settings_do_not_differ_wherever_the_home_is():
    assert effective.differences(parse(RUNNING), parse({**RUNNING, "home": "/other"})) == []


def test_each_difference_is_a_line_and_secrets_are_not_shown():
    wanted = {**RUNNING, "store": "etcd://u:secret@h:1", "addons": [], "plugins": {"auth": {"token_file": "secret"}}}

    assert effective.differences(parse(RUNNING), parse(wanted)) == [
        "addons is dns, not empty",
        "plugins.auth.token_file is another than is set",
        "plugins.dns.port is another than is set",
        "store is empty, not etcd://u:…@h:1",
    ]


def test_a_reload_takes_up_addons_and_sections_and_nothing_that_needs_a_start():
    fresh = parse({
        **RUNNING, "api": {"port": 7199}, "addons": ["dns", "metrics"],
        "plugins": {"dns": {"port": 54}, "auth": {"token_file": "two"}, "node": {"max_pods": 5}},
    })  # fmt: skip

    found = effective.after_reload(parse(RUNNING), fresh, {"auth": True})

    assert found.addons == ("dns", "metrics")
    assert found.api == parse(RUNNING).api
    assert found.plugins == {"dns": {"port": 54}, "auth": {"token_file": "one"}, "node": {"max_pods": 5}}


def test_a_section_that_is_gone_is_gone_after_a_reload():
    fresh = parse({**RUNNING, "plugins": {}})

    assert effective.after_reload(parse(RUNNING), fresh, {"auth": True}).plugins == {"auth": {"token_file": "one"}}


def test_settings_of_an_add_on_that_is_off_make_no_difference():
    wanted = {**RUNNING, "plugins": {**RUNNING["plugins"], "ingress": {"http_port": 8080}}}

    assert effective.differences(parse(RUNNING), parse(wanted)) == []
    assert effective.differences(parse(RUNNING), parse({**wanted, "addons": ["dns", "ingress"]})) == [
        "addons is dns, not dns, ingress",
        "plugins.ingress.http_port is another than is set",
    ]
