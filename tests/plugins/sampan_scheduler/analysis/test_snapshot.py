from types import SimpleNamespace

from sampan.contracts.kinds import Resource
from sampan.errors import Forbidden, NotFound
from sampan_scheduler.analysis.snapshot import Reader, take


class Api:
    def __init__(self, **objects):
        self.objects = objects

    def list(self, resource):
        if resource.plural not in self.objects:
            raise Forbidden("not yours")
        return SimpleNamespace(items=self.objects[resource.plural])


def test_pods_that_have_ended_are_left_out_and_what_may_not_be_read_is_empty():
    pods = [{"status": {"phase": "Succeeded"}}, {"status": {"phase": "Running"}}]

    found = take(Api(pods=pods, nodes=[{"n": 1}], namespaces=[]))

    assert found.pods == pods[1:]
    assert found.nodes == [{"n": 1}]
    assert (found.budgets, found.priority_classes) == ([], [])


class Counting:
    def __init__(self):
        self.asked = []

    def list(self, resource):
        self.asked.append(resource.plural)
        if resource.plural == "absent":
            raise NotFound("no such kind")
        if resource.plural == "secret":
            raise Forbidden("secrets are forbidden")
        return SimpleNamespace(items=[{"n": 1}])


def test_each_kind_is_read_once_and_what_may_not_be_read_is_told():
    api = Counting()
    reader = Reader(api)
    there, absent, secret = (Resource("", "v1", plural, plural) for plural in ("there", "absent", "secret"))

    found = [[reader.list(each) for each in (there, absent, secret)] for _ in range(2)]

    assert found == [[[{"n": 1}], [], []]] * 2
    assert api.asked == ["there", "absent", "secret"]
    assert reader.problems == ["secrets are forbidden"]
