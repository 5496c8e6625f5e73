import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan_machinery.resources import NODES
from sampan_nodes.taints import TaintNodesByCondition
from sampan_testing.shelves import Shelf

TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
OTHER = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    "spec, taints",
    [
        (None, [TAINT]),
        ({"taints": [OTHER]}, [OTHER, TAINT]),
        ({"taints": [{**TAINT, "value": "x"}]}, [{**TAINT, "value": "x"}]),
        ({"taints": [{**TAINT, "effect": "NoExecute"}]}, [{**TAINT, "effect": "NoExecute"}, TAINT]),
    ],
)
def test_a_new_node_is_not_ready(spec, taints):
    node = {"metadata": {"name": "n"}} | ({} if spec is None else {"spec": spec})
    kind = Kind(**NODES._asdict())

    TaintNodesByCondition().admit(Review("CREATE", kind, "", "", "n", node, None, ANONYMOUS, False, Shelf()))

    assert node["spec"]["taints"] == taints
