from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from sampan_ingress import figures
from sampan_ingress.figures import Figures, NginxFigures

STATUS = "Active connections: 3 \nserver accepts handled requests\n 16 15 31 \nReading: 0 Writing: 1 Waiting: 2 \n"


def test_nginx_tells_its_own_figures(monkeypatch):
    monkeypatch.setattr(figures, "ask", lambda path, what: STATUS)
    registry = CollectorRegistry()
    registry.register(NginxFigures("/socket"))

    text = generate_latest(registry).decode()

    assert "sampan_ingress_requests_total 31.0\n" in text
    assert "sampan_ingress_handled_connections_total 15.0\n" in text
    assert 'sampan_ingress_connections{state="waiting"} 2.0\n' in text


def test_a_silent_nginx_has_none(tmp_path):
    registry = CollectorRegistry()
    registry.register(NginxFigures(str(tmp_path / "none")))

    assert generate_latest(registry) == b""


def test_reloads_are_counted():
    registry = CollectorRegistry()
    ours = Figures(registry)
    ours.reloaded(True)
    ours.reloaded(False)
    ours.refused()

    assert registry.get_sample_value("sampan_ingress_reloads_total") == 2
    assert registry.get_sample_value("sampan_ingress_reload_failures_total") == 2
    assert registry.get_sample_value("sampan_ingress_last_reload_success_timestamp_seconds") > 0
