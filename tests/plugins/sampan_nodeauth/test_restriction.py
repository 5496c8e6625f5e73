from __future__ import annotations

import pytest

from sampan.contracts.access import User
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden
from sampan_nodeauth.restriction import NodeRestriction
from sampan_testing.shelves import Shelf

NODE = Kind(group="", version="v1", kind="Node", plural="nodes", namespaced=False)
OTHER = Kind(group="apps", version="v1", kind="Deployment", plural="deployments")


def review(user, kind=NODE, name="n2"):
    new = {"metadata": {"name": name}}
    return Review("UPDATE", kind, "", "", name, new, new, user, False, Shelf())


def test_another_node_is_refused_in_words(node_user):
    with pytest.raises(Forbidden) as refused:
        NodeRestriction().admit(review(node_user()))

    assert refused.value.message == 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"'


def test_a_node_without_a_name_is_refused(node_user):
    with pytest.raises(Forbidden, match='could not determine node from user "system:node:"'):
        NodeRestriction().admit(review(node_user("")))


def test_other_users_and_other_kinds_are_not_its_business(node_user):
    NodeRestriction().admit(review(User("admin", ("system:masters",))))
    NodeRestriction().admit(review(node_user(), OTHER))
