import pytest

from sampan_batch.validation.specs import validate_job_spec

INDEXED = {"completionMode": "Indexed", "completions": 4, "parallelism": 1}
LARGE = {**INDEXED, "completions": 100_001, "backoffLimitPerIndex": 1}
FAILURE = {"rules": []}


def problems(make, **spec):
    return [f"{each.path}: {each.message}" for each in validate_job_spec(make.job(**spec)["spec"], "spec")]


def test_valid_jobs_have_no_problem(make):
    assert problems(make) == []
    assert problems(make, **INDEXED, backoffLimitPerIndex=1, maxFailedIndexes=2, managedBy="acme.io/foo") == []
    assert problems(make, **LARGE, maxFailedIndexes=10_000) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"completionMode": "Foo"},
            'spec.completionMode: Unsupported value: "Foo": supported values: "NonIndexed", "Indexed"',
        ),
        ({"parallelism": -1}, "spec.parallelism: Invalid value: -1: must be greater than or equal to 0"),
        ({"backoffLimit": -1}, "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"),
        (
            {**INDEXED, "maxFailedIndexes": 1},
            "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is spec",
        ),
        ({"managedBy": "acme"}, 'spec.managedBy: Invalid value: "acme": must be a domain-prefixed path'),
        ({"managedBy": ""}, "spec.managedBy: Required value"),
        ({"managedBy": "acme.io/f o"}, 'spec.managedBy: Invalid value: "f o": Invalid path'),
        ({"managedBy": "A/b"}, 'spec.managedBy: Invalid value: "A": a lowercase RFC 1123 subdomain'),
        ({"managedBy": "acme.io/" + "x" * 60}, "spec.managedBy: Too long: may not be more than 63 bytes"),
        (
            {"completionMode": "Odd"},
            'spec.completionMode: Unsupported value: "Odd": supported values: "NonIndexed", "Indexed"',
        ),
        ({**INDEXED, "completions": None}, "spec.completions: Required value: when completion mode is Indexed"),
        (
            {**INDEXED, "parallelism": 100_001},
            "spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when",
        ),
        (
            {**INDEXED, "backoffLimitPerIndex": 1, "maxFailedIndexes": 5},
            "spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions",
        ),
        (LARGE, "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000"),
        (
            {**LARGE, "parallelism": 10_001},
            "spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above "
            "100000 and used with backoff limit per index",
        ),
        (
            {"backoffLimitPerIndex": 1},
            "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
        ),
        (
            {"podFailurePolicy": FAILURE, "podReplacementPolicy": "TerminatingOrFailed"},
            'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
        ),
        (
            {"podReplacementPolicy": "Never"},
            'spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"',
        ),
        (
            {"successPolicy": {"rules": []}},
            'spec.successPolicy: Invalid value: {"rules":[]}: requires indexed completion mode',
        ),
    ],
)
def test_what_is_wrong_is_told_in_upstreams_words(make, spec, expected):
    assert any(each.startswith(expected) for each in problems(make, **spec)), problems(make, **spec)


@pytest.mark.parametrize(
    ("policy", "spec", "expected"),
    [
        ("Always", {}, 'Required value: valid values: "OnFailure", "Never"'),
        ("Odd", {}, 'Unsupported value: "Odd": supported values: "Never", "OnFailure"'),
        (
            "OnFailure",
            {"podFailurePolicy": FAILURE},
            'Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
        ),
    ],
)
def test_pods_of_a_job_end(make, policy, spec, expected):
    job = make.job(**spec)
    job["spec"]["template"]["spec"]["restartPolicy"] = policy

    found = [each.message for each in validate_job_spec(job["spec"], "spec") if each.path.endswith("restartPolicy")]

    assert expected in found
