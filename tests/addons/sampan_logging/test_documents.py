from __future__ import annotations

from sampan_logging.documents import actions, identity, outdated, template
from sampan_logging.entries import Entry, Progress

MORE = {"prefix": "logs", "stream": False, "cluster": "", "flat": True}


def test_a_line_becomes_a_document_of_its_day(entry, source):
    one = entry("hello", at=1_767_323_045_000_000_001, run=2, of=source(labels={"a.b": "c"}, image="img"))

    (action,) = actions(one, **{**MORE, "cluster": "here"})

    assert (action["_op_type"], action["_index"]) == ("create", "logs-2026.01.02")
    assert action["_source"] == {
        "@timestamp": "2026-01-02T03:04:05.000000001Z", "order": 0, "message": "hello",
        "kubernetes": {
            "namespace": "default", "pod": {"name": "web", "uid": "uid-web"}, "node": {"name": "node"},
            "container": {"name": "main", "kind": "container", "restarts": 2}, "labels": {"a.b": "c"},
        },
        "container": {"image": {"name": "img"}}, "orchestrator": {"cluster": {"name": "here"}},
    }  # fmt: skip


def test_the_same_line_has_the_same_id_and_no_other_has_it(source):
    one = source()

    ids = {
        identity(one, 1, 0, b"a"), identity(one, 1, 0, b"b"), identity(one, 1, 1, b"a"), identity(one, 2, 0, b"a"),
        identity(source("other"), 1, 0, b"a"), identity(source(container="side"), 1, 0, b"a"),
    }  # fmt: skip

    assert len(ids) == 6
    assert identity(source(labels={"changed": "since"}), 1, 0, b"a") in ids


def test_a_gap_is_a_document_too(source):
    (action,) = actions(Entry(source(), Progress(0), [], "lines are missing", 5), **MORE)

    assert action["_source"]["event"] == {"kind": "gap"} and action["_source"]["message"] == "lines are missing"


def test_without_the_template_labels_have_no_dots(entry, source):
    (action,) = actions(entry("a", of=source(labels={"a.b/c": "d", "a": "e"})), **{**MORE, "flat": False})

    assert action["_source"]["kubernetes"]["labels"] == {"a_b/c": "d", "a": "e"}


def test_bytes_that_are_no_text_are_shown_as_such(entry):
    one = entry("a")
    one.lines[0] = (*one.lines[0][:2], b"\xff!")

    assert next(actions(one, **MORE))["_source"]["message"] == "�!"


def test_old_days_are_told_and_nothing_else():
    names = ["logs-2026.01.01", "logs-2026.01.02", "logs-2026.01.03", "logs-x", "other-2026.01.01", "logs-2026.1.1x"]

    assert outdated(names, "logs", 1, 1_767_400_000) == ["logs-2026.01.01"]


def test_the_template_takes_any_label_and_keeps_nanoseconds():
    fields = template("logs", stream=False, shards=1, replicas=0)["template"]["mappings"]["properties"]

    assert fields["@timestamp"] == {"type": "date_nanos"}
    assert fields["kubernetes"]["properties"]["labels"]["type"] == "flattened"
    assert template("logs", stream=True, shards=1, replicas=0)["index_patterns"] == ["logs"]


def test_labels_whose_names_differ_in_a_dot_alone_keep_both_values(source, entry):
    one = entry("a", of=source(labels={"a.b": "1", "a_b": "2", "c": "3"}))

    flat, dotless = (next(actions(one, **{**MORE, "flat": flat}))["_source"]["kubernetes"] for flat in (True, False))

    assert flat["labels"] == {"a.b": "1", "a_b": "2", "c": "3"}
    assert dotless["labels"] == {"a_b": ["1", "2"], "c": "3"}
