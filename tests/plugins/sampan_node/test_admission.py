from sampan_node.admission import PodAdmission, refusal

OFFERED = {"cpu": "2", "memory": "1Gi", "pods": "3"}


def pod(uid="a", *, port=None, host_ip="", protocol="TCP", **requests):
    ports = [{"containerPort": 80, "hostPort": port, "hostIP": host_ip, "protocol": protocol}] if port else []
    return {
        "metadata": {"uid": uid},
        "spec": {"containers": [{"name": "c", "resources": {"requests": requests}, "ports": ports}]},
    }


def test_what_fits_is_taken():
    assert refusal(pod(cpu="1", memory="512Mi"), [pod(cpu="1", memory="512Mi")], OFFERED) is None


def test_the_shortage_is_told_in_thousandths_of_a_cpu_and_in_bytes():
    assert refusal(pod(cpu="1500m"), [pod(cpu="600m")], OFFERED) == (
        "OutOfcpu",
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 600, capacity: 2000",
    )
    assert refusal(pod(memory="2Gi"), [], OFFERED)[0] == "OutOfmemory"


def test_there_are_only_so_many_pods():
    assert refusal(pod(), [pod(), pod(), pod()], OFFERED)[0] == "OutOfpods"


def test_a_resource_that_the_node_does_not_know_is_the_scheduler_s_matter():
    assert refusal(pod(**{"example.com/gpu": "1"}), [], OFFERED) is None


def test_a_port_of_the_node_serves_one_pod():
    assert refusal(pod(port=80), [pod(port=80)], OFFERED)[0] == "NodePorts"
    assert refusal(pod(port=80, host_ip="10.0.0.1"), [pod(port=80)], OFFERED)[0] == "NodePorts"
    assert refusal(pod(port=80, host_ip="10.0.0.1"), [pod(port=80, host_ip="10.0.0.2")], OFFERED) is None
    assert refusal(pod(port=80), [pod(port=80, protocol="UDP")], OFFERED) is None


def test_what_a_pod_held_is_free_again_once_it_is_released():
    admission = PodAdmission({"cpu": "1"})
    assert admission.take(pod("a", cpu="1")) is None
    assert admission.take(pod("a", cpu="1")) is None
    assert admission.take(pod("b", cpu="1")).reason == "OutOfcpu"

    admission.release("a")

    assert admission.take(pod("b", cpu="1")) is None


def test_what_runs_already_is_counted_even_where_it_is_too_much():
    admission = PodAdmission({"cpu": "1"})

    assert admission.take(pod("a", cpu="2"), anyway=True) is None

    assert admission.take(pod("b", cpu="1")).reason == "OutOfcpu"
