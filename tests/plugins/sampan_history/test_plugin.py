from types import SimpleNamespace

from sampan_history import plugin


def test_the_commands_are_loaded_when_they_are_called():
    assert [command.load().name for command in plugin.contribute_commands()] == ["history", "undelete", "get"]


def test_a_server_without_rbac_gets_no_roles():
    assert plugin.contribute_bootstrap_objects(SimpleNamespace(resources_of=lambda version, kind: ())) == []
    assert len(plugin.contribute_bootstrap_objects(SimpleNamespace(resources_of=lambda version, kind: (1,)))) == 2
