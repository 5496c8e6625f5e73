def test_a_node_that_is_well(make, why):
    found = why(make.node())

    assert found.paragraph() == "node/node-1 is Ready. Nothing wrong was found."


def test_a_node_that_has_stopped_reporting(make, why):
    lease = make.obj("Lease", "node-1", "coordination.k8s.io/v1", namespace="kube-node-lease",
                     spec={"renewTime": "2026-01-01T23:58:00.000000Z"})  # fmt: skip
    found = why(make.node(ready="Unknown"), lease)

    assert found.causes[0].reason == "NodeSilent"
    assert found.causes[0].facts[1].startswith("its lease was renewed 2m ago")


def test_a_node_whose_agent_says_no(make, why, reasons):
    assert reasons(why(make.node(ready="False"))) == ["NodeNotReady"]


def test_a_node_that_is_short_of_something(make, why):
    found = why(make.node(conditions=[make.condition("DiskPressure", "True", "KubeletHasDiskPressure")]))

    assert found.causes[0].text.startswith("It is short of disk space")


def test_a_node_without_network(make, why, reasons):
    found = why(make.node(conditions=[make.condition("NetworkUnavailable", "True", "NoRoute", "no route")]))

    assert reasons(found) == ["NetworkUnavailable"]


def test_a_cordoned_node_is_well_but_says_so(make, why):
    found = why(make.node(spec={"unschedulable": True}))

    assert (found.healthy, found.state, found.causes[0].reason) == (True, "Ready, cordoned", "Cordoned")


def test_a_node_that_never_reported(make, why, reasons):
    assert reasons(why(make.obj("Node", "n", namespace="", spec={}, status={}))) == ["NeverReady"]
