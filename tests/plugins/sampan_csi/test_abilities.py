from sampan_csi import abilities


class Channel:
    answers = {
        "ControllerGetCapabilities": {"capabilities": [{"rpc": {"type": 1}}, {"rpc": None}, {"rpc": {"type": 9}}]},
        "NodeGetCapabilities": {"capabilities": [{"rpc": {"type": 3}}]},
        "GetPluginCapabilities": {"capabilities": [{"service": {"type": 2}}, {"service": None}]},
    }

    def call(self, service, method):
        return self.answers[method]


class Driver:
    channel = Channel()


def test_what_a_driver_says_that_it_can_do_is_asked_of_it():
    assert abilities.of_controller(Driver()) == {1, 9}
    assert abilities.of_node(Driver()) == {3}
    assert abilities.has_topology(Driver())
