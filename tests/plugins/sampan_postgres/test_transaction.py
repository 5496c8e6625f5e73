import pytest

pytest.importorskip("psycopg")

from sampan.contracts.store import Delete, Put, Stale  # after the check of what the machine has
from sampan_postgres.schema import first_id
from sampan_postgres.transaction import CURRENT, EXPIRING, GONE, LOG, MOVE, NOTIFY, Transaction


@pytest.fixture
def transaction():
    """On top of one key that revision 5 wrote; revision 7 is the newest."""
    return Transaction(7, [("/a", first_id(5), 5, b"old")])


def tables(transaction):
    return [statement for statement, _ in transaction.statements("channel")]


def test_commits_count_up_and_see_one_another(transaction):
    assert transaction.decide([Put("/a", b"new", expect=5)]) == 8
    assert transaction.decide([Put("/a", b"newer", expect=8)]) == 9
    assert [revision for revision, _ in transaction.commits] == [8, 9]

    change = transaction.commits[1][1][0]
    assert (change.value, change.previous) == (b"newer", b"new")


def test_a_stale_commit_names_its_key_and_leaves_the_others_as_they_are(transaction):
    answer = transaction.decide([Put("/b", b"x", expect=0), Put("/a", b"new", expect=4)])

    assert isinstance(answer, Stale) and answer.key == "/a"
    assert transaction.commits == []
    assert transaction.decide([Put("/b", b"x", expect=0)]) == 8


def test_a_delete_of_what_is_absent_makes_no_revision(transaction):
    assert transaction.decide([Delete("/absent")]) == 7
    assert transaction.commits == []


def test_what_is_written_is_the_log_and_where_each_key_ends(transaction):
    transaction.decide([Put("/b", b"x", ttl=60)])
    transaction.decide([Delete("/a", expect=5)])
    statements = dict(transaction.statements("channel"))

    assert statements[LOG][1] == ["/b", "/a"]
    assert statements[CURRENT][0] == ["/b"]
    assert statements[GONE] == (["/a"],)
    assert statements[EXPIRING] == ([first_id(8)], [60])
    assert statements[MOVE] == (9,)
    assert statements[NOTIFY] == ("channel", "9")


def test_a_key_keeps_the_revision_that_created_it(transaction):
    transaction.decide([Put("/a", b"new")])
    transaction.decide([Put("/b", b"new")])

    assert dict(transaction.statements("c"))[LOG][2] == [5, 9]


def test_statements_without_rows_are_left_out(transaction):
    transaction.decide([Put("/b", b"x")])

    assert tables(transaction) == [LOG, CURRENT, MOVE, NOTIFY]
