"""What the two rules declare; what they do is in test_plugin.py."""

import subprocess
import sys

from sampan_policies.admission import MutatingPolicies, ValidatingPolicies


def test_they_block_and_follow_their_objects():
    assert ValidatingPolicies.blocking and MutatingPolicies.blocking
    assert [each.plural for each in ValidatingPolicies.watches] == [
        "validatingadmissionpolicies", "validatingadmissionpolicybindings",
    ]  # fmt: skip
    assert MutatingPolicies.mutates and MutatingPolicies.second_round and not ValidatingPolicies.mutates


def test_a_mutating_policy_has_no_say_in_a_deletion():
    assert "DELETE" not in MutatingPolicies.operations


def test_the_compiler_is_not_loaded_before_it_is_needed():
    code = "import sys, sampan_policies.plugin; print(any(name.startswith('sampan_cel') for name in sys.modules))"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"
