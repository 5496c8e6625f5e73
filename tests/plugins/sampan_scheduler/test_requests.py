from sampan_scheduler.requests import MIN_CPU, MIN_MEMORY, effective_spec, nonzero_requests, whole_units


def container(name="main", **requests):
    return {"name": name, "resources": {"requests": requests}}


def nonzero(spec):
    return nonzero_requests(spec, whole_units(spec))


def test_requests_are_whole_units_rounded_up():
    assert whole_units({"containers": [container(cpu="1500u", memory="1.5", **{"example.org/gpu": "2"})]}) == {
        "cpu": 2,
        "memory": 2,
        "example.org/gpu": 2,
    }


def test_scores_count_a_least_request_for_each_container_that_names_none():
    assert nonzero({"containers": [container(), container(cpu="2"), container(memory="1Gi")]}) == (
        2000 + 2 * MIN_CPU,
        2**30 + 2 * MIN_MEMORY,
    )
    assert nonzero({"containers": [container(cpu="0", memory="0")]}) == (0, 0)


def test_a_resize_under_way_holds_the_larger_amount_and_an_infeasible_one_what_there_is():
    status = {"name": "main", "resources": {"requests": {"cpu": "2"}}, "allocatedResources": {"cpu": "3"}}

    def cpu(wanted, conditions=()):
        pod = {
            "spec": {"containers": [container(cpu=wanted)]},
            "status": {"containerStatuses": [status], "conditions": list(conditions)},
        }
        return whole_units(effective_spec(pod))["cpu"]

    assert cpu("1") == 3000
    assert cpu("4") == 4000
    assert cpu("4", [{"type": "PodResizePending", "reason": "Infeasible", "status": "True"}]) == 3000
