from sampan_query import plugin


def test_the_command_is_loaded_when_it_is_called():
    (command,) = plugin.contribute_commands()

    assert command.load().name == command.name == "query"
