from sampan_machinery.schema import load

DEPLOYMENT = ("apps", "v1", "Deployment")


def problems(body):
    return load().strict_problems(*DEPLOYMENT, body)


def test_unknown_and_duplicate_fields_come_in_document_order():
    assert problems(b'{"spec":{"unknownField":1,"replicas":1,"replicas":2},"metadata":{"unknownMeta":1}}') == [
        'unknown field "spec.unknownField"',
        'duplicate field "spec.replicas"',
        'unknown field "metadata.unknownMeta"',
    ]


def test_list_elements_are_named_by_index():
    body = b'{"spec":{"template":{"spec":{"containers":[{"name":"a"},{"foo":1}]}}}}'

    assert problems(body) == ['unknown field "spec.template.spec.containers[1].foo"']


def test_keys_of_maps_may_be_anything_but_twice():
    assert problems(b'{"metadata":{"labels":{"a":"1","b":"2","a":"3"}}}') == ['duplicate field "metadata.labels.a"']


def test_nothing_is_said_about_the_inside_of_an_unknown_or_free_field():
    assert problems(b'{"x":{"y":1,"y":2},"metadata":{"managedFields":[{"fieldsV1":{"a":1,"a":2}}]}}') == [
        'unknown field "x"'
    ]


def test_a_field_given_three_times_is_one_problem():
    assert problems(b'{"spec":{"replicas":1,"replicas":2,"replicas":3}}') == ['duplicate field "spec.replicas"']


def test_there_are_at_most_a_hundred():
    assert len(problems(b"{%s}" % b",".join(b'"x%d":1' % number for number in range(200)))) == 100


def test_dicts_can_be_asked_as_well():
    assert load().unknown_fields(*DEPLOYMENT, {"spec": {"replicaz": 1}}) == ['unknown field "spec.replicaz"']
