from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sampan_operate.cli.yamlfile import REMOVED, changed, edited

FILE = """\
# my cluster
api:
  port: 6443  # the usual
plugins:
  # names
  dns:
    port: 53
    upstream: [10.0.0.1]  # the office
  # the node
  node:
    max_pods: 50

# at the end
addons: [dns]
"""


def test_one_value_is_changed_and_every_other_line_stays():
    assert edited(FILE, ["plugins", "dns", "port"], 54) == FILE.replace("port: 53\n", "port: 54\n")


@pytest.mark.parametrize(
    ("text", "path", "value", "wanted"),
    [
        ("port:   53      # names\nother: 1\n", ["port"], 54, "port:   54      # names\nother: 1\n"),
        ("addons: [ dns ]  # all\n", ["addons"], ["dns", "ingress"], "addons: [dns, ingress]  # all\n"),
        ("node: {enabled: false}  # none\n", ["node", "name"], "a", "node: {enabled: false, name: a}  # none\n"),
        ("store:  # none yet\n", ["store"], "etcd://x", "store: etcd://x  # none yet\n"),
        ("store: a\r\nport: 1 # p\r\n", ["port"], 2, "store: a\r\nport: 2 # p\r\n"),
        ("a: 1 # one", ["a"], 2, "a: 2 # one\n"),
        ('a: "x: y" # one\n', ["a"], "# z", "a: '# z' # one\n"),
    ],
)
def test_a_comment_behind_the_value_stays(text, path, value, wanted):
    assert edited(text, path, value) == wanted


@pytest.mark.parametrize("word", ["yes", "off", "1:30", "012", "2001-01-01", "~", "# x", "a: b"])
def test_a_word_that_yaml_reads_otherwise_is_quoted(word):
    assert yaml.safe_load(edited("a: 1 # one\n", ["a"], word)) == {"a": word}


def test_a_new_entry_goes_behind_its_siblings():
    assert edited(FILE, ["plugins", "dns", "address"], "::1") == FILE.replace(
        "# the office\n", "# the office\n    address: ::1\n"
    )
    assert edited(FILE, ["plugins", "ingress", "http"], 80) == FILE.replace(
        "max_pods: 50\n", "max_pods: 50\n  ingress: {http: 80}\n"
    )


def test_what_is_taken_out_takes_its_line_and_an_emptied_section():
    assert edited(FILE, ["plugins", "dns", "port"], REMOVED) == FILE.replace("    port: 53\n", "")
    assert edited(FILE, ["plugins", "node", "max_pods"], REMOVED) == FILE.replace("  node:\n    max_pods: 50\n", "")
    assert edited(FILE, ["plugins", "gone", "x"], REMOVED) == FILE


def test_a_list_is_replaced():
    assert edited(FILE, ["addons"], ["dns", "ingress"]) == FILE.replace("[dns]", "[dns, ingress]")


def test_flow_style_is_rewritten_as_a_whole_entry():
    text = "# kept\nplugins: {auth: {token_file: x}}\n"

    assert edited(text, ["plugins", "dns", "port"], 5) == (
        "# kept\nplugins:\n  auth: {token_file: x}\n  dns: {port: 5}\n"
    )


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "{}", "plugins:\n", "plugins: {}", "# no end\nnode: {name: a}"]
)
def test_odd_files_are_taken_as_they_come(text):
    found = edited(text, ["plugins", "dns", "port"], 5)

    assert yaml.safe_load(found)["plugins"] == {"dns": {"port": 5}}
    assert found.startswith(text) or "#" not in text


def test_aliases_that_would_break_cost_the_comments():
    text = "a: &x\n  b: 1 # c\nc: *x\n"

    assert yaml.safe_load(edited(text, ["a", "b"], REMOVED)) == {"c": {"b": 1}}


KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.one_of(st.integers(0, 9), st.sampled_from(["x", "two words", "# no comment", "multi\nline\n"]),
                   st.lists(st.integers(0, 9), max_size=2))  # fmt: skip
DATA = st.dictionaries(KEYS, st.one_of(VALUES, st.dictionaries(KEYS, VALUES, max_size=3)), max_size=3)


@given(DATA, st.lists(KEYS, min_size=1, max_size=2), st.one_of(VALUES, st.just(REMOVED)), st.booleans())
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_says_what_was_meant(data, path, value, flow):
    text = yaml.safe_dump(data, default_flow_style=None if flow else False)

    assert (yaml.safe_load(edited(text, path, value)) or {}) == changed(data, path, value)
