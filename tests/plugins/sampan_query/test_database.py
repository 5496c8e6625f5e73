import pytest

from sampan_client.discovery import discover
from sampan_machinery.resources import SECRETS
from sampan_query import database as module
from sampan_query.database import BadQuery, Database


def test_a_table_is_a_resource(database):
    names, rows = database.ask("select name, node, namespace from pods order by name")

    assert names == ["name", "node", "namespace"]
    assert rows == [
        ("other", "n2", "kube-system"),
        ("p0", "n1", "default"),
        ("p1", "n1", "default"),
        ("p2", "n2", "default"),
    ]


def test_kinds_are_joined_and_amounts_are_numbers(database):
    _, rows = database.ask(
        "select n.name, sum(p.cpu_requests) / n.cpu as share from nodes n join pods p on p.node = n.name group by 1"
    )

    assert rows == [("n1", 0.125), ("n2", 0.125)]


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("select count(*) from pods where labels->>'app' = 'web'", 3),
        ("select count(*) from pods where label(labels, 'app.kubernetes.io/part-of') = 'shop'", 4),
        ("select object->>'$.spec.containers[0].image' from pods limit 1", "example/app:1"),
        ("select amount('1500m')", 1.5),
        ("select max(age(created)) < 600 from pods", 1),
        ("select age('nonsense')", None),
        ("select label('no json', 'a')", None),
        ("with busy as (select node from pods) select count(distinct node) from busy", 2),
        ("select restarts from pods where name = 'p0'", 0),
        ("select count(*) from deploy", 0),
        ('select count(*) from "deployments.apps"', 0),
    ],
)
def test_selects(database, statement, answer):
    assert database.ask(statement)[1] == [(answer,)]


def test_custom_kinds_have_their_printed_columns(cluster, boats):
    database = Database(cluster.client, discover(cluster.client))

    assert database.ask("select name, sail_count from boats")[1] == [("junk", 3)]
    assert database.columns("boats")[:3] == ["name", "namespace", "uid"]
    database.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("select * from podz", "no such table: podz. There are: .*pods"),
        ("select phaze from pods", "no such column: phaze. Columns of pods: name, namespace"),
        ("selekt 1", "syntax error"),
        ("delete from pods", "only select is possible"),
        ("create table x (y)", "only select is possible"),
        ("attach 'x' as y", "only select is possible"),
        ("pragma writable_schema = 1", "only select is possible"),
        ("select load_extension('x')", "not authorized|only select|no such function"),
        ("select 1; select 2", "one select at a time|only select|one statement"),
        ("select * from deployments.apps", 'write "deployments.apps" in double quotes'),
        ("", "nothing to select"),
    ],
)
def test_what_cannot_be_answered_is_a_plain_error(database, statement, problem):
    with pytest.raises(BadQuery, match=problem):
        database.ask(statement)


def test_a_table_is_read_in_pages(cluster, database, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 2)

    assert database.ask("select count(*) from pods")[1] == [(4,)]


def test_only_what_the_user_may_list_is_answered(cluster):
    database = Database(cluster.client_as("ann"), discover(cluster.client))
    with pytest.raises(BadQuery, match=r'cannot list resource "pods".*name a namespace with -n'):
        database.ask("select * from pods")
    with pytest.raises(BadQuery, match='cannot list resource "pods"'):  # and nothing half filled stays
        database.ask("select * from pods")
    database.close()


def test_a_namespace_may_be_named(cluster):
    database = Database(cluster.client, discover(cluster.client), "kube-system")

    assert database.ask("select name from pods")[1] == [("other",)]
    assert database.ask("select count(*) from nodes")[1] == [(2,)]
    database.close()


def test_a_table_can_be_read_again(cluster, database):
    before = database.ask("select count(*) from secrets")[1][0][0]
    cluster.client.create(SECRETS, {"metadata": {"name": "fresh"}}, "default")
    assert database.ask("select count(*) from secrets")[1] == [(before,)]
    database.refill(["secrets"])

    assert database.ask("select count(*) from secrets")[1] == [(before + 1,)]


def test_every_resource_that_can_be_listed_is_a_table(database):
    tables = database.tables()

    assert {"pods", "deployments", "clusterroles", "events"} <= set(tables)
    assert '"events.events.k8s.io"' in tables
    assert "selfsubjectreviews" not in tables
