from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import ReconcilerContext
from sampan_cri import plugin


def test_the_runtime_is_opened_with_the_settings(fake, tmp_path):
    settings = plugin.Settings(endpoint=fake.path, log_directory=str(tmp_path / "logs"))

    runtime = plugin.provide_runtime("cri", str(tmp_path), ClusterOptions(), ReconcilerContext(settings, ""))
    runtime.close()

    assert (runtime.name, runtime.engine, runtime.version.__name__) == ("cri", "fake", "version")
    assert plugin.provide_runtime("docker", "", ClusterOptions(), ReconcilerContext(settings, "")) is None


def test_it_is_offered_behind_docker_and_runs_cni_plugins():
    (offer,) = plugin.contribute_runtimes()

    assert (offer.name, offer.cni) == ("cri", True)
    assert 0 < offer.priority < 100
