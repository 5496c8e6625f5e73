import pytest

from sampan_scheduler import tables
from sampan_scheduler.nodes import Cluster
from sampan_scheduler.pods import read_pod
from sampan_scheduler.tables import VerdictTable, VerdictTables, normalized
from sampan_scheduling.contracts import Verdict


class Small:
    """Refuses nodes called small, and counts how often it is asked."""

    name = "small"

    def __init__(self):
        self.asked = []

    def filter(self, pod, node):
        self.asked.append(node.name)
        return Verdict("too small") if node.name.startswith("small") else None

    def score(self, pod, node):
        return 10


@pytest.fixture
def rule():
    return Small()


@pytest.fixture
def cluster(build):
    cluster = Cluster()
    for name in ("big", "small"):
        cluster.set_node(build.node(name))
    return cluster


@pytest.fixture
def pod(build):
    def make(name="web", **more):
        return read_pod(build.pod(name, **more), lambda selector: frozenset())

    return make


def test_each_node_has_its_verdict_and_score(rule, cluster, pod):
    table = VerdictTables(cluster, [rule], [(rule, 2)]).of(pod())

    assert [verdict and verdict.reason for verdict in table.verdicts] == [None, "too small"]
    assert table.scores == [20, 0]
    assert table.tally == {"too small": 1}


def test_only_nodes_that_changed_are_asked_again_and_once_for_all_pods_of_a_kind(rule, cluster, build, pod):
    found = VerdictTables(cluster, [rule], [(rule, 2)])
    found.of(pod("one"))
    found.of(pod("two"))
    assert sorted(rule.asked) == ["big", "small"]

    cluster.set_node(build.node("big", cordoned=True))
    found.of(pod("three"))
    assert rule.asked[2:] == ["big"]


def test_pods_of_another_kind_have_a_table_of_their_own(rule, cluster, pod):
    found = VerdictTables(cluster, [rule], [(rule, 2)])

    assert found.of(pod("one")) is not found.of(pod("two", cpu="1"))
    assert found.of(pod("one")) is found.of(pod("three"))


def test_a_node_that_goes_takes_its_verdict_along(rule, cluster, pod):
    found = VerdictTables(cluster, [rule], [(rule, 2)])
    found.of(pod())
    cluster.drop_node("small")
    table = found.of(pod())

    assert len(table.verdicts) == 1
    assert table.tally == {"too small": 0}


def test_tables_that_are_not_used_any_more_make_room(rule, cluster, pod, monkeypatch):
    monkeypatch.setattr(tables, "MOST_TABLES", 2)
    found = VerdictTables(cluster, [rule], [(rule, 2)])
    first = found.of(pod("a", cpu="1"))
    for cpu in ("2", "3"):
        found.of(pod("b", cpu=cpu))

    assert found.of(pod("a", cpu="1")) is not first


def test_a_verdict_that_changes_is_counted_again_by_reason():
    table = VerdictTable()
    table.resize(1)
    table.set(0, Verdict("one"))
    table.set(0, Verdict("two"))
    assert table.tally == {"one": 0, "two": 1}

    table.set(0, None, 5)
    assert (table.tally["two"], table.scores) == (0, [5])


def test_points_are_weighted_by_rule(rule, cluster, pod):
    assert VerdictTables(cluster, [rule], [(rule, 2)]).points(pod(), cluster.rows[0]) == {"small": 20}


def test_nodes_that_will_do_are_kept_by_score():
    table = VerdictTable()
    table.resize(4)
    for row, score in enumerate((5, 7, 5, 7)):
        table.set(row, None, score)
    assert {score: sorted(rows) for score, rows in table.buckets.items()} == {5: [0, 2], 7: [1, 3]}

    table.set(1, Verdict("no"))
    table.set(0, None, 9)
    table.resize(3)

    assert table.buckets == {5: [2], 9: [0]}


def test_counts_are_normalized_by_the_largest_among_the_rows_that_will_do():
    assert normalized({0: 4, 1: 1}, [0, 1, 2], 2, reverse=False) == [200, 50, 0]
    assert normalized({0: 4, 1: 1}, [1, 2], 1, reverse=True) == [0, 100]
    assert normalized({0: 4}, [1, 2], 1, reverse=True) is None


def test_rules_that_have_nothing_to_say_about_a_kind_are_not_asked(cluster, pod):
    class Picky(Small):
        def filters(self, pod):
            return "asks" in pod.labels

        gives_points = filters

    rule = Picky()
    found = VerdictTables(cluster, [rule], [(rule, 2)])

    assert found.of(pod()).rows == range(2)
    assert (rule.asked, found.of(pod()).scores) == ([], [0, 0])
    assert found.of(pod(labels={"asks": "yes"})).rows == [0]
