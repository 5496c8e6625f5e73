from sampan_explain.causes import Cause, Explanation, distinct


def test_the_paragraph_says_state_and_causes_in_order():
    found = Explanation("pod/a", "x", "Pending", (Cause(reason="A", text="First."), Cause(reason="B", text="Second.")))

    assert found.paragraph() == "pod/a in namespace x is Pending. First. Second."


def test_an_object_without_causes_is_said_to_be_well():
    assert Explanation("node/a", "", "", ()).paragraph() == "node/a: nothing wrong was found."
    assert Explanation("node/a", "", "Ready", ()).paragraph() == "node/a is Ready. Nothing wrong was found."


def test_each_cause_is_shown_with_its_facts_its_commands_and_its_table():
    cause = Cause(reason="A", text="T.", facts=("f",), commands=("do it",), about="node/n", lines=("a  b",))

    assert list(Explanation("pod/a", "", "", (cause,), ("secrets (you may not read them)",)).lines()) == [
        "pod/a: T.", "", "1. A (node/n)", "   - f", "   $ do it", "", "a  b", "",
        "Not looked at: secrets (you may not read them).",
    ]  # fmt: skip


def test_json_has_the_same():
    found = Explanation("pod/a", "x", "Pending", (Cause(reason="A", text="T.", data={"n": 1}),)).as_json()

    assert found["causes"] == [{"reason": "A", "text": "T.", "facts": [], "commands": [], "data": {"n": 1}}]
    assert (found["healthy"], found["summary"]) == (False, "pod/a in namespace x is Pending. T.")


def test_notes_alone_are_healthy():
    assert Explanation("pod/a", "", "", (Cause(reason="A", text="T.", note=True),)).healthy


def test_the_same_cause_of_many_objects_is_told_one_time_with_the_others_named():
    found = distinct(Cause(reason="A", text="T.", about=f"pod/{number}") for number in range(6))

    assert len(found) == 1
    assert found[0].facts == ("the same holds for 5 more: pod/1, pod/2, pod/3 …",)
