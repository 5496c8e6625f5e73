from __future__ import annotations

from sampan_dashboard import logs
from sampan_dashboard.logs import Asked, Line, merged, moment, selector_of, sources_of, timed


def pod(name, *containers, init=()):
    spec = {"containers": [{"name": each} for each in containers], "initContainers": [{"name": each} for each in init]}
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def test_a_line_has_its_time_and_its_text():
    assert timed(b"2026-01-02T03:04:05.678Z hello  world") == ("2026-01-02T03:04:05.678Z", "hello  world")
    assert timed(b"no time") == ("", "no time")
    assert timed(b"\xff\xfe") == ("", "\ufffd\ufffd")


def test_sources_are_labelled_where_there_are_several():
    assert sources_of([pod("a", "main")], "") == [("shop", "a", "main", "")]
    assert [each.label for each in sources_of([pod("a", "main", "side")], "")] == ["main", "side"]
    assert [each.label for each in sources_of([pod("a", "m"), pod("b", "m")], "")] == ["a", "b"]
    assert [each.label for each in sources_of([pod("a", "m", "s"), pod("b", "m", "s")], "")][:2] == ["a/m", "a/s"]


def test_init_containers_are_shown_when_asked_for():
    assert [each.container for each in sources_of([pod("a", "main", init=["first"])], "")] == ["main"]
    assert [each.container for each in sources_of([pod("a", "main", init=["first"])], "first")] == ["first"]


def test_a_page_follows_a_limited_number_of_logs():
    assert len(sources_of([pod(f"p{number}", "m") for number in range(99)], "")) == logs.MOST_SOURCES


def test_logs_of_several_pods_are_merged_by_time():
    one = [Line("a", "1", "x"), Line("a", "3", "z"), Line("a", "", "more of z")]
    other = [Line("b", "2", "y"), Line("b", "4", "end")]

    assert [line.text for line in merged([one, other])] == ["x", "y", "z", "more of z", "end"]


def test_the_stream_goes_on_after_the_last_line_of_the_page():
    asked = Asked("", False, 200, "", "2026-01-02T03:04:05.5Z")

    assert not asked.takes("a", "2026-01-02T03:04:05.5Z")
    assert not asked.takes("a", "2026-01-02T03:04:05.49Z")
    assert asked.takes("a", "2026-01-02T03:04:05.51Z")
    assert asked.query("main", follow=True)["sinceTime"] == "2026-01-02T03:04:05.5Z"
    assert Asked("", True, 200, "x").query("main", follow=True)["follow"] is False
    assert not Asked("", False, 200, "x").takes("abc")


def test_only_a_time_is_taken_from_the_browser():
    assert moment("2026-01-02T03:04:05Z") == "2026-01-02T03:04:05Z"
    assert [moment(text) for text in ("", "yesterday", "2026-01-02T03:04:05Z&x=1")] == [""] * 3


def test_a_selector_is_read_of_workloads_and_services():
    assert selector_of({"spec": {"selector": {"matchLabels": {"app": "web"}}}}) == "app=web"
    assert selector_of({"spec": {"selector": {"b": "2", "a": "1"}}}) == "a=1,b=2"
    assert selector_of({"spec": {}}) == selector_of({}) == ""


def test_a_workload_without_pods_of_its_own_has_no_log(admin, shop):
    assert admin.get("/o/configmaps/shop/kube-root-ca.crt/logs").status_code == 404


def test_what_the_node_says_against_a_log_is_shown(admin, shop):
    assert admin.get("/o/deployments.apps/shop/web/logs").status_code == 200
