def test_a_custom_object_whose_condition_says_no(make, why):
    made = make.obj(
        "Boat", "b", "x.io/v1", status={"conditions": [make.condition("Ready", "False", "Leak", "water inside")]}
    )

    assert why(made).causes[0].text == "Its condition Ready is False: water inside."


def test_conditions_that_are_good_or_unreadable_say_nothing(make, why):
    made = make.obj("Boat", "b", "x.io/v1", status={"conditions": [make.condition("Ready"), "odd", {"type": "X"}]})

    assert not why(made).causes
    assert not why(make.obj("Boat", "b", "x.io/v1", status="afloat")).causes


def test_a_bad_condition_that_is_true(make, why, reasons):
    made = make.obj("Boat", "b", "x.io/v1", status={"conditions": [make.condition("Degraded", "True", "Slow", "m")]})

    assert reasons(why(made)) == ["Slow"]


def test_the_last_warning_about_an_object_of_an_unknown_kind(make, why):
    made = make.obj("Boat", "b", "x.io/v1")

    assert why(made, make.event(made, "Sank", "it is gone")).causes[0].text == "The last warning: it is gone."


def test_a_deleted_object_says_what_keeps_it(make, why):
    meta = {"deletionTimestamp": make.earlier, "finalizers": ["kubernetes.io/pvc-protection"]}
    found = why(make.obj("PersistentVolumeClaim", "c", metadata=meta, spec={}, status={"phase": "Bound"}))

    assert "(kubernetes.io/pvc-protection: a pod still uses it)" in found.causes[0].text
