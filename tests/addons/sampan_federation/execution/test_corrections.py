from sampan_federation.execution.corrections import LONGEST, MOST, QUIET, Corrections


def test_pauses_grow_to_four_seconds_and_begin_again_after_a_minute():
    now = [0.0]
    corrections = Corrections(lambda: now[0])
    pauses = []
    for _ in range(6):
        assert corrections.pause("a") == 0
        pauses.append(corrections.pause("a"))
        now[0] += pauses[-1]

    assert pauses == [0.5, 1, 2, 4, 4, 4]
    now[0] += QUIET
    assert corrections.pause("a") == 0
    assert corrections.pause("a") == 0.5 < LONGEST


def test_objects_do_not_wait_for_each_other():
    corrections = Corrections(lambda: 0.0)

    assert (corrections.pause("a"), corrections.pause("b")) == (0, 0)


def test_no_more_objects_are_remembered_than_it_says():
    now = [0.0]
    corrections = Corrections(lambda: now[0])
    for number in range(MOST):
        corrections.pause(number)
    now[0] = QUIET + 1
    corrections.pause("one more")

    assert len(corrections._last) == 1
