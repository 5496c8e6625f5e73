from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from sampan.contracts.commands import Place
from sampan_logging.search import command
from sampan_logging.settings import Settings

PLACE = {"home": "/nowhere", "kubeconfig": "/nowhere/kubeconfig"}


def hit(n):
    about = {"namespace": "n", "pod": {"name": "p"}, "container": {"name": "c"}}
    return {"_source": {"@timestamp": f"T{n:04}", "message": f"line {n}", "kubernetes": about}, "sort": [n]}


@pytest.fixture
def search(fake):
    whole = fake.serve
    fake.asked = []

    def serve(method, path, headers, body):
        if not path.endswith("/_search"):
            return whole(method, path, headers, body)
        asked = json.loads(body)
        fake.asked.append((path, asked))
        newest = asked.get("search_after", [2500])[0] - 1
        hits = [hit(n) for n in range(newest, max(-1, newest - asked["size"]), -1)]
        return 200, {"hits": {"hits": hits}}

    fake.serve = serve

    def run(*args, **settings):
        place = Place(**PLACE, settings=Settings(urls=(fake.url,), **settings))
        return CliRunner().invoke(command, list(args), obj=place)

    return run


def test_the_newest_lines_are_shown_oldest_first(search, fake):
    found = search("error", "--limit", "3")

    assert found.output.splitlines() == [f"T{n} n/p c: line {n}" for n in (2497, 2498, 2499)]
    assert fake.asked[0][0] == "/sampan-logs-*/_search"


def test_more_lines_than_a_page_are_fetched_page_by_page(search, fake):
    found = search("--limit", "2100", "-o", "json")

    shown = [json.loads(line)["message"] for line in found.output.splitlines()]
    assert shown == [f"line {n}" for n in range(400, 2500)]
    assert [asked["size"] for _, asked in fake.asked] == [1000, 1000, 100]


def test_a_data_stream_is_searched_by_its_name(search, fake):
    search("--limit", "1", data_stream=True)

    assert fake.asked[0][0] == "/sampan-logs/_search"


def test_what_goes_wrong_is_said_in_a_line(search):
    wrong = search("--since", "yesterday")
    away = search("-l", "a in (b)")

    assert wrong.exit_code == away.exit_code == 1
    assert wrong.output.startswith("Error: --since 'yesterday'") and away.output.startswith("Error: the selector")
