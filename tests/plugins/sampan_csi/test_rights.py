from sampan_csi.rights import objects


def test_the_side_car_reads_no_secrets_and_nothing_of_everything():
    role, binding = objects("sampan:csi")

    allowed = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert not any(resource == "secrets" or "*" in (resource, verb) for resource, verb in allowed)
    assert binding["subjects"][0]["name"] == "sampan:csi"
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
