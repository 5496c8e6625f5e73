import pytest

from sampan.errors import ConfigError
from sampan_node import runtimes


class Offered:
    """Plugins of which those named are enabled."""

    def __init__(self, *names):
        self.names = names

    def first(self, hook, *, name, home, options):
        assert hook == "provide_runtime"
        return f"{name} in {home}" if name in self.names else None


def test_the_runtime_wanted_is_opened_in_a_folder_of_its_own(tmp_path):
    assert runtimes.choose("exec", tmp_path, {}, Offered("exec", "docker")) == f"exec in {tmp_path}/exec"
    assert (tmp_path / "exec").is_dir()


def test_a_disabled_runtime_is_named_and_not_used(tmp_path):
    with pytest.raises(ConfigError, match="no enabled plugin provides a container runtime called 'docker'"):
        runtimes.choose("docker", tmp_path, {}, Offered("exec"))


@pytest.mark.parametrize(
    ("answers", "enabled", "chosen"),
    [(True, ("docker", "exec"), "docker"), (False, ("docker", "exec"), "exec"), (True, ("exec",), "exec")],
)
def test_auto_is_docker_where_it_answers_and_is_enabled(tmp_path, monkeypatch, answers, enabled, chosen):
    monkeypatch.setattr(runtimes, "docker_answers", lambda: answers)

    assert runtimes.choose("auto", tmp_path, {}, Offered(*enabled)).split()[0] == chosen


def test_what_another_runtime_left_is_removed_at_the_start_and_its_own_kept(tmp_path):
    for name in ("exec", "docker"):
        (tmp_path / name / "sandboxes").mkdir(parents=True)

    runtimes.remove_others("docker", str(tmp_path), {})

    assert [path.name for path in tmp_path.iterdir()] == ["docker"]


def test_what_a_disabled_runtime_left_is_removed_all_the_same(tmp_path):
    (tmp_path / "exec").mkdir()

    runtimes.clean_up(str(tmp_path), {})  # asks what is installed, not what is enabled

    assert (tmp_path / "exec" / "sandboxes").is_dir()
