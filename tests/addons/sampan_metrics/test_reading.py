from __future__ import annotations

from sampan_metrics.reading import NODE, Address, points

NOW = 1_800_000_000.0
TEXT = """\
# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="main",namespace="ns",pod="web"} 2.5 1799999990500
container_cpu_usage_seconds_total{container="lonely",namespace="ns",pod="web"} 2.5 1799999990500
container_memory_working_set_bytes{container="main",namespace="ns",pod="web"} 1.048576e+06 1799999990500
container_start_time_seconds{container="main",namespace="ns",pod="web"} 1.79e+09 1799999990500
node_cpu_usage_seconds_total 1000.25
node_memory_working_set_bytes 4096
node_swap_usage_bytes 0
pod_cpu_usage_seconds_total{namespace="ns",pod="web"} 2.5 1799999990500
resource_scrape_error 0
"""


def test_containers_and_the_node_are_read_with_their_times():
    found = points(TEXT, NOW)

    assert found[Address("ns", "web", "main")] == (1_799_999_990.5, 2.5, 1 << 20, 1.79e9)
    assert found[NODE] == (NOW, 1000.25, 4096, 0.0)


def test_what_is_told_by_half_is_left_out():
    assert set(points(TEXT, NOW)) == {NODE, Address("ns", "web", "main")}


def test_nonsense_is_passed_over():
    text = (
        'container_cpu_usage_seconds_total{container="a",namespace="n",pod="p"} NaN\n'
        'container_memory_working_set_bytes{container="a",namespace="n",pod="p"} +Inf\n'
        "container_cpu_usage_seconds_total{} 1\n"
        'container_cpu_usage_seconds_total{container="",namespace="n",pod="p"} 1\n'
        "node_cpu_usage_seconds_total -5\nnode_memory_working_set_bytes x\n<html>\n"
    )

    assert points(text, NOW) == {}
