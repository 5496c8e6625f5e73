from __future__ import annotations

from sampan.contracts.options import ManifestOptions
from sampan_federation.plugin import USER, contribute_commands, contribute_components


def test_one_component_with_an_identity_of_its_own_and_one_speaker():
    [component] = contribute_components()

    assert component.user == USER and component.elected
    assert component.manifests(ManifestOptions())[0]["kind"] == "CustomResourceDefinition"


def test_the_command_is_loaded_when_it_is_called():
    [command] = contribute_commands()

    assert set(command.load().commands) >= {"join", "unjoin", "list", "taint", "why"}
