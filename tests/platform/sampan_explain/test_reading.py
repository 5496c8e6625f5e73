from types import SimpleNamespace

import pytest

from sampan.errors import Forbidden, InternalError, NotFound
from sampan_explain.objects import Want
from sampan_explain.reading import reader_of
from sampan_machinery.resources import PODS


class Api:
    def __init__(self, error=None):
        self.error, self.asked = error, []

    def _or_raise(self, answer):
        if self.error:
            raise self.error
        return answer

    def get(self, resource, name, namespace):
        return self._or_raise({"metadata": {"name": name, "namespace": namespace}})

    def list(self, resource, namespace):
        return self._or_raise(SimpleNamespace(items=[{"metadata": {"name": "all"}}]))

    def create(self, resource, obj, namespace):
        return self._or_raise({"status": {"allowed": True}})

    def request(self, method, path, *, query, headers):
        self.asked.append((method, path, query))
        return self._or_raise(SimpleNamespace(body=b"line\n"))


def test_objects_collections_reviews_and_logs_are_read():
    api = Api()
    read = reader_of(api)

    assert read(Want(PODS, "x", "a"))[0] == {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "a", "namespace": "x"},
    }
    assert read(Want(PODS, "x")) == [{"metadata": {"name": "all"}}]
    assert read(Want(PODS, request={"spec": {}})) == [{"status": {"allowed": True}}]
    assert read(Want(PODS, "x", "a", "app", True)) == [{"line": "line\n"}]
    assert api.asked[0][1] == "/api/v1/namespaces/x/pods/a/log"
    assert api.asked[0][2]["previous"] is True


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (NotFound("no a"), []),
        (Forbidden("no"), "you may not read them"),
        (InternalError("it  broke\nall over"), "it broke all over"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(error, answer):
    assert reader_of(Api(error))(Want(PODS, "x", "a")) == answer


def test_a_kind_that_is_not_served_is_not_taken_for_an_empty_one():
    assert reader_of(Api(NotFound("x")))(Want(PODS, "x")) == "not served here"


def test_a_collection_that_is_too_large_is_not_read():
    pages = {"/api/v1/namespaces/a/pods": b'{"metadata": {}, "items": [{"metadata": {"name": "x"}}]}',
             "/api/v1/namespaces/b/pods": b'{"metadata": {"continue": "t"}, "items": [{}]}'}  # fmt: skip
    client = SimpleNamespace(request=lambda method, path, query: SimpleNamespace(body=pages[path]))
    read = reader_of(client, most=1)

    assert read(Want(PODS, "a")) == [{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "x"}}]
    assert read(Want(PODS, "b")) == "there are more than 1"
