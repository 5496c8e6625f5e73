import pytest

from sampan_explain import Objects
from sampan_explain.subjects import said


@pytest.mark.parametrize(("seconds", "text"), [(5, "5s"), (180, "3m"), (7300, "2h"), (400_000, "4d"), (-3, "0s")])
def test_ages_are_short(seconds, text):
    assert said.age(seconds) == text


def test_lists_are_cut():
    assert said.listed("abcdefg") == "a, b, c, d, e and 2 more"


def test_sentences_end_with_one_full_stop():
    assert (said.sentence("it  broke.\n"), said.sentence(None)) == ("it broke.", "")


def test_a_similar_name_is_asked_for():
    assert said.similar(["standard", "local"], "standart") == "; did you mean standard?"
    assert said.similar(["local"], "nfs") == ""


def test_warnings_of_an_object_are_told_from_those_of_a_former_one_of_its_name(make):
    pod = make.pod()
    other = {**pod, "metadata": {**pod["metadata"], "uid": "another"}}
    objects = Objects.of([make.event(pod, "Failed", "mine"), make.event(other, "Failed", "theirs")], make.now)

    assert [event["message"] for event in said.warnings(pod, objects)] == ["mine"]
    assert said.warnings(pod, objects, "Other") == []


def test_events_and_conditions_are_facts(make):
    assert said.event_fact(make.event(make.pod(), "Failed", "oops")) == "event Failed (3 times): oops"
    assert said.condition_fact(make.condition("Ready", "False", "Why", "m")) == "condition Ready is False (Why): m"
