from sampan_why import plugin


def test_the_command_is_loaded_when_it_is_called_and_asks_explainers():
    (command,) = plugin.contribute_commands()

    assert command.load().name == command.name == "why"
    assert command.hooks == {"contribute_explainers"}
