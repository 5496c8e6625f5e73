from __future__ import annotations

import base64

import pytest

from sampan_logging import documents
from sampan_logging.access import Access
from sampan_logging.elastic import CLIENT_MAJOR, Elastic, ElasticsearchUnavailable
from sampan_logging.outcomes import Disposition

MORE = {"prefix": "logs", "stream": False, "cluster": "", "flat": True}


@pytest.fixture
def elastic(fake):
    one = Elastic(Access((fake.url,)))
    yield one
    one.close()


@pytest.fixture
def actions(entry):
    return list(documents.actions(entry("a", "b", "c"), **MORE))


def send(elastic, actions):
    return [one.fate for one in elastic.send(actions, lines=100, size=1 << 20)]


def test_documents_are_created_by_their_ids(fake, elastic, actions):
    assert send(elastic, actions) == [Disposition.ARRIVED] * 3
    assert send(elastic, actions) == [Disposition.REPEATED] * 3
    assert fake.messages == ["a", "b", "c"]
    assert set(fake.documents) == {action["_id"] for action in actions}


def test_the_newest_version_that_both_understand_is_spoken(fake, elastic, actions):
    fake.major = 8

    assert send(elastic, actions) == [Disposition.ARRIVED] * 3
    assert elastic.version == "8.0.0"
    sent = fake.requests[-1][2]
    assert "compatible-with=8" in sent["content-type"] and "compatible-with=8" in sent["accept"]


def test_a_newer_server_is_spoken_to_in_the_clients_version(fake, elastic, actions):
    fake.major = CLIENT_MAJOR + 1

    send(elastic, actions)

    assert f"compatible-with={CLIENT_MAJOR}" in fake.requests[-1][2]["content-type"]


def test_each_item_has_its_own_fate(fake, elastic, actions):
    fates = {"a": (429, {"type": "es_rejected_execution_exception", "reason": "full"}), "b": (400, {"type": "parsing"})}
    fake.answer_item = lambda identifier, document: fates.get(document["message"])

    outcomes = elastic.send(actions, lines=100, size=1 << 20)

    assert [one.fate for one in outcomes] == [Disposition.RETRY, Disposition.REJECTED, Disposition.ARRIVED]
    assert outcomes[0].why == "429 es_rejected_execution_exception: full"


def test_a_request_too_large_is_sent_in_parts(fake, elastic, actions, entry):
    whole = fake.serve

    def serve(method, path, headers, body):
        if path == "/_bulk" and (body.count(b"\n") > 2 or b"huge" in body):
            return 413, {"error": "too large"}
        return whole(method, path, headers, body)

    fake.serve = serve
    huge = list(documents.actions(entry("huge"), **MORE))

    assert send(elastic, actions[:2] + huge + actions[2:]) == [Disposition.ARRIVED] * 2 + [
        Disposition.REJECTED,
        Disposition.ARRIVED,
    ]


@pytest.mark.parametrize(
    ("status", "words"), [(401, "credentials"), (403, "role"), (404, "refuses"), (400, "refuses every request")]
)
def test_what_concerns_the_whole_server_is_trouble_in_words(fake, elastic, actions, status, words):
    fake.answer = lambda method, path: (status, {"error": {"type": "x"}}) if path == "/_bulk" else None

    with pytest.raises(ElasticsearchUnavailable, match=words):
        elastic.send(actions, lines=100, size=1 << 20)


def test_a_busy_server_is_asked_again_for_each_item(fake, elastic, actions):
    fake.answer = lambda method, path: (429, {"error": {"type": "x"}}) if path == "/_bulk" else None

    assert send(elastic, actions) == [Disposition.RETRY] * 3


def test_an_answer_with_too_few_items_says_nothing_of_the_rest(fake, elastic, actions):
    item = {"create": {"status": 201}}
    fake.answer = lambda method, path: (200, {"errors": False, "items": [item]}) if path == "/_bulk" else None

    assert send(elastic, actions) == [Disposition.ARRIVED, Disposition.RETRY, Disposition.RETRY]


def test_a_refused_connection_is_trouble_with_the_way_out(fake, actions):
    one = Elastic(Access(("http://127.0.0.1:9",)))

    with pytest.raises(
        ElasticsearchUnavailable, match=r"cannot be reached: see that it runs and that plugins\.logging\.urls is right"
    ):
        one.send(actions, lines=100, size=1 << 20)
    one.close()


def test_the_template_is_installed_where_that_is_wanted(fake, elastic):
    elastic.prepare("logs", stream=False, install=True, shards=1, replicas=0)
    elastic.prepare("logs", stream=False, install=False, shards=1, replicas=0)

    assert [path for method, path, _ in fake.requests if method == "PUT"] == ["/_index_template/logs"]


def test_a_role_that_may_not_ask_who_it_is_may_still_write(fake, elastic, actions):
    fake.answer = lambda method, path: (403, {"error": {"type": "security_exception"}}) if path == "/" else None

    assert send(elastic, actions) == [Disposition.ARRIVED] * 3 and elastic.version == ""


def test_credentials_are_sent(fake, actions):
    for access, expected in (
        (Access((fake.url,), user="u", password="p"), "Basic " + base64.b64encode(b"u:p").decode()),
        (Access((fake.url,), user="u", password="p", api_key="k"), "ApiKey k"),
    ):
        one = Elastic(access)
        send(one, actions)
        one.close()
        assert fake.requests[-1][2]["authorization"] == expected


def test_indices_are_listed_and_deleted(fake, elastic):
    fake.indices = {"logs-2026.01.01", "logs-2026.01.02"}

    assert elastic.indices("logs-*") == ["logs-2026.01.01", "logs-2026.01.02"]
    elastic.delete_index("logs-2026.01.01")
    assert fake.indices == {"logs-2026.01.02"}
