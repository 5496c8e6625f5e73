from types import SimpleNamespace

from sampan.errors import Forbidden
from sampan_scheduler.analysis.snapshot import take


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
