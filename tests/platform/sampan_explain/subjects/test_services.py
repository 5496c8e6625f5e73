def test_a_service_whose_pods_are_ready(make, why):
    assert not why(make.service(), make.pod(ready=True, statuses=[make.running()])).causes


def test_a_selector_that_matches_nothing_names_the_pod_that_comes_nearest(make, why):
    found = why(
        make.service(selector={"app": "web", "tier": "front"}), make.pod(labels={"app": "web", "tier": "frontend"})
    )

    assert found.causes[0].text == "Its selector app=web,tier=front matches no pod of its namespace."
    assert "pod/web-1 comes nearest: it has tier=frontend" in found.causes[0].facts
    assert found.causes[0].commands[1] == "kubectl set selector service web -n default app=web,tier=frontend"


def test_pods_that_are_not_ready_bring_their_own_causes(make, why, reasons):
    found = why(make.service(), make.pod(ready=False, statuses=[make.crashed(1)]), make.node())

    assert reasons(found) == ["PodsNotReady", "CrashLoop"]
    assert found.causes[0].facts == ("pod/web-1: CrashLoopBackOff",)
    assert found.causes[1].about == "pod/web-1"


def test_a_port_name_that_no_container_has(make, why):
    ports = {"ports": [{"containerPort": 8080, "name": "web"}]}
    found = why(make.service(target="http"), make.pod(ready=True, statuses=[make.running()], container=ports))

    assert found.causes[0].reason == "NoSuchPort"
    assert found.causes[0].facts == ("names of container ports: web",)


def test_a_port_that_no_container_declares(make, why):
    ports = {"ports": [{"containerPort": 8080}]}
    found = why(make.service(), make.pod(ready=True, statuses=[make.running()], container=ports))

    assert found.causes[0].reason == "WrongPort"
    assert '"path":"/spec/ports/0/targetPort","value":8080' in found.causes[0].commands[0]


def test_a_container_that_declares_no_port_may_listen_on_any(make, why):
    assert not why(make.service(target=9), make.pod(ready=True, statuses=[make.running()])).causes


def test_a_service_without_selector_needs_endpoints_made_by_hand(make, why, reasons):
    assert reasons(why(make.service(selector={}))) == ["NoSelector"]
    assert not why(make.service(selector={}), make.endpoints("web", True)).causes


def test_a_load_balancer_without_address(make, why):
    pod = make.pod(ready=True, statuses=[make.running()])
    found = why(make.service(type="LoadBalancer"), pod)

    assert (found.state, found.causes[0].reason) == ("without an external address", "LoadBalancerPending")


def test_names_elsewhere_need_no_pods(make, why):
    assert not why(make.service(type="ExternalName", externalName="example.com")).causes
