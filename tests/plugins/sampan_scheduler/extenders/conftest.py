"""Extenders whose answers the test gives, and whose threads it runs."""

from __future__ import annotations

import json

import pytest

from sampan_scheduler.extenders.asking import Extenders
from sampan_scheduler.extenders.extender import Extender
from sampan_webhookclient.failures import CallFailed
from sampan_webhookclient.responses import Reply


class Web:
    """A WebhookClient: ``answers`` by URL are values, replies, failures, or functions of what was asked."""

    def __init__(self):
        self.answers, self.asked = {}, []

    def call(self, call):
        url, asked = call.destination.url(), json.loads(call.body)
        self.asked.append((url, asked))
        self.last = call
        answer = self.answers.get(url, CallFailed(f'Post "{url}": connection refused'))
        if callable(answer):
            answer = answer(asked)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(200, json.dumps(answer).encode())

    def close(self):
        pass

    def verbs(self):
        return [url.rpartition("/")[2] for url, _ in self.asked]


@pytest.fixture
def web():
    return Web()


@pytest.fixture
def extending(web):
    """Extenders, and their jobs: ``run()`` does what they have to do."""

    class Made(Extenders):
        def __init__(self, *each):
            self.jobs = []
            super().__init__(each, client=web, submit=lambda names, job: self.jobs.append(job))

        def run(self):
            while self.jobs:
                self.jobs.pop(0)()

    return Made


@pytest.fixture
def extender():
    def make(host="a", **more):
        return Extender(**{"url": f"http://{host}", "filter_verb": "filter", **more})

    return make
