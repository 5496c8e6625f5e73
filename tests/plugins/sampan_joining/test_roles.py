from __future__ import annotations

import sampan_csi.plugin
import sampan_loadbalancer.plugin
import sampan_localpath.plugin
import sampan_networkpolicy.plugin
import sampan_podnetwork.plugin
import sampan_proxy.plugin
from sampan_joining.roles import COMPONENTS, COMPONENTS_ROLE, objects

PLUGINS = (sampan_csi, sampan_loadbalancer, sampan_localpath, sampan_networkpolicy, sampan_podnetwork, sampan_proxy)


def test_a_node_gets_certificates_for_each_component_that_runs_beside_its_agent():
    components = [one for package in PLUGINS for one in package.plugin.contribute_components()]
    wanted = {one.user for one in components} | {group for one in components for group in one.groups}

    assert wanted == set(COMPONENTS)


def test_no_two_objects_have_one_name():
    found = [(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in objects()]

    assert len(set(found)) == len(found)


def test_the_right_to_components_is_bounded_by_their_names():
    (role,) = (one for one in objects() if one["kind"] == "ClusterRole" and one["metadata"]["name"] == COMPONENTS_ROLE)

    assert role["rules"][0]["resourceNames"] == list(COMPONENTS)


def test_who_has_no_identity_reads_the_description_of_the_cluster_and_nothing_else():
    anonymous = [one for one in objects() if any(s.get("name") == "system:anonymous" for s in one.get("subjects", ()))]

    assert [(one["kind"], one["metadata"]["namespace"]) for one in anonymous] == [("RoleBinding", "kube-public")]
