RESTARTS = "RestartAllContainersOnContainerExits"


def declaring(node, *features):
    node["status"]["declaredFeatures"] = list(features)
    return node


def restarting(pod, kind="containers"):
    rule = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [1]}}
    pod["spec"].setdefault(kind, []).append({"name": "r", "restartPolicyRules": [rule]})
    return pod


def test_a_pod_that_restarts_all_its_containers_needs_a_node_that_declares_it(build, place):
    placed = place(build.node("a"), declaring(build.node("b"), RESTARTS))

    for kind in ("containers", "initContainers"):
        assert placed.node_of(restarting(build.pod("p"), kind)) == "b"
    assert placed.node_of(build.pod("q", nodeName="a"))


def test_it_says_which_nodes_lack_it_and_preemption_does_not_help(build, place):
    placed = place(build.node("a"))

    assert placed.why(restarting(build.pod("p"))) == (
        "0/1 nodes are available: 1 node(s) didn't match Pod's required features."
    )
    (verdict,) = placed.explain(restarting(build.pod("p"))).refused.values()
    assert (verdict.plugin, verdict.unresolvable) == ("NodeDeclaredFeatures", True)


def test_users_of_their_own_on_the_nodes_network_need_a_node_that_declares_it(build, place):
    pod = build.pod("p", hostNetwork=True, hostUsers=False)

    assert not place(declaring(build.node("a"), RESTARTS)).node_of(pod)
    assert place(declaring(build.node("a"), "UserNamespacesHostNetworkSupport")).node_of(pod) == "a"


def test_a_node_that_begins_to_declare_it_is_taken(build, place):
    placed = place(build.node("a"))
    assert not placed.node_of(restarting(build.pod("p")))

    placed.cluster.set_node(declaring(build.node("a"), RESTARTS))

    assert placed.node_of(restarting(build.pod("p"))) == "a"
