from sampan_explain.past.changes import changes, unified


def pod(image="a:1", **metadata):
    return {"metadata": {"name": "p", "resourceVersion": "1", **metadata},
            "spec": {"containers": [{"name": "app", "image": image}, {"name": "side", "image": "s"}]}}  # fmt: skip


def said(before, after):
    return [each.text() for each in changes(before, after)]


def test_a_field_is_named_as_people_write_it():
    assert said(pod(), pod("a:2")) == ["spec.containers[app].image: a:1 → a:2"]


def test_what_every_write_changes_is_left_out():
    assert said(pod(), pod(resourceVersion="2", managedFields=[{}], generation=4)) == []


def test_fields_that_come_and_go():
    assert said(pod(), pod(labels={"a.io/b": "c"})) == ['metadata.labels = {"a.io/b":"c"}']
    assert said(pod(labels={"a.io/b": "c", "x": "y"}), pod(labels={"x": "y"})) == [
        "metadata.labels[a.io/b] removed (was c)"
    ]


def test_lists_without_names_and_long_values_are_shown_short():
    before, after = {"metadata": {}, "spec": {"args": ["x"]}}, {"metadata": {}, "spec": {"args": ["y" * 100]}}

    assert said(before, after)[0].startswith('spec.args: ["x"] → ["yyyy')
    assert said(before, after)[0].endswith("…")


def test_an_object_that_comes_or_goes_has_no_changes_of_fields():
    assert changes(None, pod()) == [] == changes(pod(), None)


def test_a_diff_is_one_of_yaml():
    lines = list(unified(pod(), pod("a:2"), "revision 1", "revision 2"))

    assert lines[:2] == ["--- revision 1", "+++ revision 2"]
    assert [line for line in lines if line[0] in "+-"][2:] == ['-  - image: "a:1"', '+  - image: "a:2"']
