from __future__ import annotations

from sampan_dashboard import charts


def item(time, cpu, memory="1Mi", container="main"):
    return {"timestamp": time, "container": container, "usage": {"cpu": cpu, "memory": memory}}


def test_a_history_becomes_a_line_for_each_resource():
    history = {"items": [item("t1", "100m"), item("t2", "200m"), item("t2", "200m", container="side")]}

    cpu, memory = charts.charts(history)

    assert (cpu.name, cpu.most, cpu.last, cpu.begin, cpu.end) == ("cpu", "0.4", "0.4", "t1", "t2")
    assert cpu.path == "M0.0 68.5 L480.0 4.0"
    assert cpu.area.endswith("L480 90 L0 90 Z")
    assert memory.name == "memory"


def test_one_point_is_no_line():
    assert charts.charts({"items": [item("t1", "1")]}) == []
    assert charts.charts({}) == []


def test_nothing_used_is_a_line_at_the_bottom():
    cpu, _ = charts.charts({"items": [item("t1", "0", "0"), item("t2", "0", "0")]})

    assert cpu.path == "M0.0 90.0 L480.0 90.0"


def test_without_a_metrics_add_on_there_is_no_chart(site, cluster):
    account = site.sign_in().session.account

    assert charts.of_object(account, {"kind": "Node", "metadata": {"name": "node-1"}}) == []
    assert charts.of_object(account, {"kind": "Service", "metadata": {"name": "x"}}) == []
