import json

import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place
from sampan_query import commands


@pytest.fixture
def run(cluster, monkeypatch, tmp_path):
    monkeypatch.setattr(commands, "_client", lambda place: cluster.client)
    place = Place(str(tmp_path), str(tmp_path / "kubeconfig"))
    return lambda *words: CliRunner().invoke(commands.query, words, obj=place)


def test_a_query_is_answered_in_each_form(run):
    statement = "select node, count(*) as pods from pods group by node order by node"

    assert run(statement).output.splitlines() == ["NODE   PODS", "n1     2", "n2     2"]
    assert json.loads(run(statement, "-o", "json").output) == [{"node": "n1", "pods": 2}, {"node": "n2", "pods": 2}]
    assert run(statement, "-o", "csv").output == "node,pods\nn1,2\nn2,2\n"
    assert run("select count(*) as n from pods", "-n", "kube-system", "-o", "csv").output == "n\n1\n"


def test_tables_and_columns_are_listed(run):
    assert "pods" in run("--tables").output.splitlines()
    assert "cpu_requests" in run("pods", "--tables").output.splitlines()


def test_bad_sql_is_an_error_without_a_traceback(run):
    done = run("select * from podz")

    assert done.exit_code == 1
    assert done.output.startswith("Error: no such table: podz. There are: ")
    assert run().exit_code == 2


def test_a_watch_tells_the_answer_and_ends_when_interrupted(run, monkeypatch):
    def once(client, database, statement, tell, stop, namespace):
        tell(database.ask(statement))
        tell(database.ask(statement))
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "follow", once)
    done = run("select count(*) as n from pods", "--watch")

    assert (done.exit_code, done.output.split()) == (0, ["N", "4", "N", "4"])


def test_without_a_cluster_the_kubeconfig_is_named(tmp_path):
    place = Place(str(tmp_path), str(tmp_path / "kubeconfig"))

    assert "there is no kubeconfig" in CliRunner().invoke(commands.query, ["select 1"], obj=place).output
