import queue
import threading

import pytest

from sampan_client.discovery import discover
from sampan_machinery.resources import CONFIG_MAPS
from sampan_query.database import BadQuery, Database
from sampan_query.following import follow


def test_the_answer_is_told_again_when_it_changes_and_only_then(cluster):
    answers, stop = queue.SimpleQueue(), threading.Event()

    def run():
        database = Database(cluster.client, discover(cluster.client), "default")
        statement = "select name from configmaps where name like 'follow-%' order by name"
        try:
            follow(
                cluster.client, database, statement, lambda answer: answers.put(answer[1]), stop, "default", pause=0.01
            )
        finally:
            database.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert answers.get(timeout=60) == []
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "else"}}, "default")
        cluster.client.create(CONFIG_MAPS, {"metadata": {"name": "follow-a"}}, "default")
        assert answers.get(timeout=60) == [("follow-a",)]
        cluster.client.delete(CONFIG_MAPS, "follow-a", "default")
        assert answers.get(timeout=60) == []
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def test_a_bad_statement_ends_it_at_once(cluster, database):
    with pytest.raises(BadQuery):
        follow(cluster.client, database, "select * from nothing", lambda answer: None, threading.Event())
