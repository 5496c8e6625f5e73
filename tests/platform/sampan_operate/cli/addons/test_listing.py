from __future__ import annotations

import json


def test_add_ons_are_listed_with_their_state(run, write):
    write("addons: [dns]\n")

    lines = [line.split() for line in run("list").output.splitlines()]

    assert lines[0] == ["NAME", "ENABLED", "STATE", "VERSION", "SAYS"]
    assert next(line for line in lines if line[0] == "dns")[1:3] == ["yes", "stopped"]


def test_programs_get_json(run):
    found = json.loads(run("list", "-o", "json").output)

    assert next(addon for addon in found if addon["name"] == "dns").keys() == {
        "name", "enabled", "state", "version", "message",
    }  # fmt: skip
