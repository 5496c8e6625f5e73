import pytest

from sampan_batch.validation.jobs import validate_job


def problems(new, old=None):
    return [f"{each.path}: {each.message}" for each in validate_job(new, old)]


def test_a_complete_job_has_no_problem(make):
    assert problems(make.job()) == []
    assert problems(make.job(manualSelector=True)) == []


def test_a_label_of_the_servers_cannot_be_another(make):
    job = make.job()
    job["spec"]["template"]["metadata"]["labels"]["job-name"] = "other"

    (found,) = problems(job)

    assert found.startswith("spec.template.metadata.labels[job-name]: Invalid value: ")
    assert found.endswith("must be 'work'")


def test_labels_of_the_servers_must_be_there(make):
    job = make.job()
    job["spec"]["template"]["metadata"]["labels"] = {}

    found = problems(job)

    assert "spec.template.metadata.labels[controller-uid]: Required value: must be '0001'" in found
    assert "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`" in found


def test_a_selector_of_the_users_own_wants_manual_selector(make):
    job = make.job(selector={"matchLabels": {"app": "x"}})

    found = problems(job)

    assert any("`selector` not auto-generated" in each for each in found)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, "spec.selector: Required value"),
        ({"matchLabels": {"a b": "c"}}, "spec.selector.matchLabels: Invalid value"),
    ],
)
def test_a_manual_selector_is_checked(make, selector, expected):
    job = make.job(manualSelector=True)
    job["spec"]["selector"] = selector

    assert any(each.startswith(expected) for each in problems(job))


def test_the_largest_index_fits_into_a_hostname(make):
    job = make.job(completionMode="Indexed", completions=100, parallelism=1)
    job["metadata"]["name"] = "n" * 61
    job["spec"]["template"]["metadata"]["labels"] |= dict.fromkeys(
        ("job-name", "batch.kubernetes.io/job-name"), "n" * 61
    )

    assert problems(job) == [
        f'metadata.name: Invalid value: "{"n" * 61}": will not able to create pod with invalid DNS label: {"n" * 61}-99'
    ]


def test_a_job_of_the_time_before_the_prefixed_labels_can_be_written(make):
    old = make.job(selector={"matchLabels": {"controller-uid": "0001"}})
    old["spec"]["template"]["metadata"]["labels"] = {"job-name": "work", "controller-uid": "0001"}

    assert problems(old, old) == []
    assert problems(old) != []


def test_a_write_of_the_status_is_judged_by_the_status_alone(make):
    old, new = make.job(), make.job()
    new["status"] = {"ready": -1}

    assert problems(new, old) == ["status.ready: Invalid value: -1: must be greater than or equal to 0"]
