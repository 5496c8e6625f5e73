import pytest

from sampan.contracts.options import ClusterOptions
from sampan.errors import ConfigError, SampanError
from sampan_cri import discovery, opening
from sampan_cri.settings import Settings


def test_an_opened_runtime_remembers_its_socket_for_a_later_end(fake, tmp_path):
    home = tmp_path / "home"
    home.mkdir()

    runtime = opening.open_runtime(str(home), ClusterOptions(), Settings(endpoint=f"unix://{fake.path}"))
    runtime.close()

    assert (runtime.engine, opening.endpoint(home, "")) == ("fake", fake.path)


def test_without_a_runtime_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(discovery, "found", lambda: "")

    with pytest.raises(ConfigError, match=r"start one, or set plugins\.cri\.endpoint"):
        opening.endpoint(tmp_path, "")


def test_a_runtime_that_does_not_answer_is_an_error_and_not_remembered(tmp_path):
    with pytest.raises(SampanError, match="does not answer"):
        opening.open_runtime(str(tmp_path), ClusterOptions(), Settings(endpoint=f"{tmp_path}/none.sock"))

    assert not (tmp_path / opening.REMEMBERED).exists()
