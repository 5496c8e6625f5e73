import pytest

from sampan_node.pod.restarts import by_policy, init_by_policy


def rule(operator, *values):
    return {"action": "Restart", "exitCodes": {"operator": operator, "values": list(values)}}


@pytest.mark.parametrize(
    ("pod", "own", "code", "again"),
    [
        ("Always", None, 0, True),
        ("Always", "Never", 1, False),
        ("Always", "OnFailure", 0, False),
        ("Never", "OnFailure", 1, True),
        ("Never", "Always", 0, True),
    ],
)
def test_a_containers_own_policy_takes_the_place_of_the_pods(pod, own, code, again):
    container = {"name": "a", **({"restartPolicy": own} if own else {})}

    assert by_policy({"restartPolicy": pod}, container, code) is again


def test_the_first_rule_whose_exit_codes_fit_decides_before_the_policy():
    container = {"name": "a", "restartPolicy": "Never", "restartPolicyRules": [rule("In", 42, 43), rule("NotIn", 0, 1)]}
    ran = [by_policy({"restartPolicy": "Always"}, container, code) for code in (42, 0, 1, 7)]

    assert ran == [True, False, False, True]


def test_an_init_container_that_succeeded_never_runs_again():
    assert not init_by_policy({"restartPolicy": "Always"}, {"restartPolicy": "OnFailure"}, 0)
    assert init_by_policy({"restartPolicy": "Never"}, {"restartPolicy": "OnFailure"}, 3)
    assert not init_by_policy({"restartPolicy": "Always"}, {"restartPolicy": "Never"}, 3)
    assert init_by_policy({"restartPolicy": "OnFailure"}, {}, 3)
