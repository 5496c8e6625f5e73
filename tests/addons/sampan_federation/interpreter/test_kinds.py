from sampan_federation.interpreter.kinds import DEPLOYMENT, POD, KindName, kind_of


def test_a_kind_is_named_as_its_objects_name_it():
    assert kind_of({"apiVersion": "apps/v1", "kind": "Deployment"}) == DEPLOYMENT
    assert kind_of({}) == KindName("", "")


def test_the_group_of_a_core_kind_is_empty():
    assert (DEPLOYMENT.group, POD.group) == ("apps", "")
