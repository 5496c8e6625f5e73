"""What is counted of policies."""

import subprocess
import sys

import pytest

from sampan.errors import Forbidden, Invalid
from sampan_policies.active import Binding
from sampan_policies.denials import validate
from sampan_policies.evaluation import NO_BUDGET, error_type
from sampan_policies.figures import Figures
from sampan_policies.mutating import MutatingPolicy
from sampan_policies.mutations import mutate
from sampan_policies.validating import ValidatingPolicy


@pytest.fixture
def figures():
    return Figures("validating")


def counted(figures):
    counts, seconds = (list(metric.read()) for metric in figures.metrics())
    assert [labels for labels, _ in counts] == [labels for labels, _ in seconds]
    assert [count for _, count in counts] == [found.buckets[-1][1] for _, found in seconds]
    return dict(counts)


def test_each_action_of_a_denial_is_counted(review, decide, bound, figures):
    actions = bound(
        ValidatingPolicy, Binding("b", None, None, ("Warn", "Audit")), validations=[{"expression": "false"}]
    )
    validate(review(), [actions], decide, figures.observe)
    with pytest.raises(Invalid):
        validate(review(), [bound(ValidatingPolicy, validations=[{"expression": "false"}])], decide, figures.observe)

    assert counted(figures) == {
        ("p", "b", "no_error", "warn"): 1.0, ("p", "b", "no_error", "audit"): 1.0, ("p", "b", "no_error", "deny"): 1.0,
    }  # fmt: skip


def test_what_is_admitted_is_counted_only_where_an_error_was_ignored(review, decide, bound, figures):
    validations = [{"expression": "true"}, {"expression": "object.nothing == 1"}]
    policy = bound(ValidatingPolicy, validations=validations, failurePolicy="Ignore")

    validate(review(), [policy], decide, figures.observe)

    assert counted(figures) == {("p", "b", "invalid_error", "allow"): 1.0}


def test_mutations_are_counted_with_what_came_of_them(review, decide, bound):
    figures = Figures("mutating")
    bodies = ("Object{data: {'a': 'b'}}", "Object{nothing: 1}")
    mutations = [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": each}} for each in bodies]
    with pytest.raises(Forbidden):
        mutate(review(), [bound(MutatingPolicy, mutations=mutations)], decide, figures.observe)

    assert counted(figures) == {("p", "b", "no_error", "allow"): 1.0, ("p", "b", "invalid_error", "deny"): 1.0}
    assert [metric.name for metric in figures.metrics()] == [
        "apiserver_mutating_admission_policy_check", "apiserver_mutating_admission_policy_check_duration_seconds",
    ]  # fmt: skip


def test_errors_have_upstreams_types():
    assert error_type("compilation error: x") == "compile_error"
    assert error_type(NO_BUDGET) == "out_of_budget"
    assert error_type("expression 'x' resulted in error: y") == "invalid_error"


def test_figures_load_no_expression_language():
    code = "import sys, sampan_policies.admission; print(any(name.startswith('sampan_cel') for name in sys.modules))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "False"
