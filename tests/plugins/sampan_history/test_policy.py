from sampan_history.policy import bootstrap_objects


def test_every_authenticated_user_may_ask():
    role, binding = bootstrap_objects()

    assert role["rules"][0]["verbs"] == ["get"]
    assert binding["subjects"][0]["name"] == "system:authenticated"
