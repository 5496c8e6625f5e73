from sampan_explain.objects import Objects, Want
from sampan_machinery.resources import PODS, SERVICES


def test_what_is_not_there_yet_is_wanted(make):
    objects = Objects(0.0)

    assert objects.get(PODS, "web-1", "default") is None
    assert objects.list(SERVICES, "default") == []
    assert list(objects.wanted) == [Want(PODS, "default", "web-1"), Want(SERVICES, "default")]


def test_what_was_read_is_found_and_not_wanted_again(make):
    objects = Objects(0.0)
    objects.add(Want(PODS, "default"), [make.pod("web-1")])

    assert objects.get(PODS, "web-1", "default")["metadata"]["name"] == "web-1"
    assert objects.get(PODS, "web-2", "default") is None
    assert not objects.wanted


def test_what_may_not_be_read_is_not_taken_for_absent(make):
    objects = Objects(0.0)
    objects.add(Want(PODS, "default"), "you may not read them")

    assert objects.list(PODS, "default") == []
    assert not objects.is_known(PODS, "default")
    assert objects.get(PODS, "web-1", "default") is None
    assert Want(PODS, "default", "web-1") in objects.wanted  # one may be readable where all are not


def test_of_complete_objects_nothing_is_wanted(make):
    objects = Objects.of([make.pod("web-1")], 0.0)

    assert objects.get(PODS, "gone", "default") is None
    assert [each["metadata"]["name"] for each in objects.list(PODS)] == ["web-1"]
    assert objects.list(PODS, "other") == []
    assert objects.is_known(SERVICES)
    assert not objects.wanted


def test_the_last_line_of_a_log_is_shown_without_what_a_terminal_obeys(make):
    objects = Objects.of([], 0.0, logs={("web-1", "app"): "first\n\x1b[31mlast\n\n"})

    assert objects.log_line(PODS, make.pod("web-1"), "app") == "[31mlast"


def test_wants_of_reviews_are_told_apart():
    assert Want(PODS, request={"a": 1}) != Want(PODS, request={"a": 2})
    assert len({Want(PODS, request={"a": 1}), Want(PODS, request={"a": 1})}) == 1
