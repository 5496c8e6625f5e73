from sampan_namespaces.conditions import DeletionProgress, conditions

NOW = 1_800_000_000.0


def by_type(found):
    return {each["type"]: each for each in found}


def test_a_round_without_trouble_says_so_five_times():
    found = conditions(DeletionProgress(), [], NOW)

    assert len(found) == 5
    assert {each["status"] for each in found} == {"False"}
    assert by_type(found)["NamespaceContentRemaining"]["message"] == "All content successfully removed"
    assert DeletionProgress().done


def test_what_is_left_is_named_and_counted():
    progress = DeletionProgress(
        undiscovered="x/v1: away", failures=["b", "a"], remaining={"pods.": 2, "jobs.batch": 1}, finalizers={"f": 3}
    )
    found = by_type(conditions(progress, [], NOW))

    assert {each["status"] for name, each in found.items() if "Parsing" not in name} == {"True"}
    assert found["NamespaceDeletionDiscoveryFailure"]["message"] == "x/v1: away"
    assert found["NamespaceDeletionContentFailure"]["message"] == (
        "Failed to delete all resource types, 2 remaining: a, b"
    )
    assert found["NamespaceContentRemaining"]["message"] == (
        "Some resources are remaining: jobs.batch has 1 resource instances, pods. has 2 resource instances"
    )
    assert found["NamespaceFinalizersRemaining"]["message"].endswith("f in 3 resource instances")
    assert not progress.done


def test_the_time_is_that_of_the_last_change_and_other_conditions_stay():
    first = conditions(DeletionProgress(), [], NOW)
    other = {"type": "Other", "status": "True"}
    found = conditions(DeletionProgress(failures=["x"]), [other, *first], NOW + 60)

    assert found[0] == other
    times = {name: each.get("lastTransitionTime") for name, each in by_type(found).items()}
    assert times["NamespaceContentRemaining"] == first[0]["lastTransitionTime"]
    assert times["NamespaceDeletionContentFailure"] != first[0]["lastTransitionTime"]
