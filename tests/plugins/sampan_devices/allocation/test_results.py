def test_a_result_says_request_device_and_what_the_node_needs_to_know(build, allocated):
    build.klass("gpu", config=[{"opaque": {"driver": "gpu.test", "parameters": {"a": 1}}}])
    build.slice({"name": "a", "bindingConditions": ["on"], "bindingFailureConditions": ["off"]}, nodeName="n")
    toleration = {"key": "k", "operator": "Exists"}
    own = {"requests": ["r"], "opaque": {"driver": "gpu.test", "parameters": {"b": 1}}}
    request = build.request(adminAccess=True, tolerations=[toleration])

    found = allocated(build.claim(request, config=[own, {}]))

    assert found["devices"] == {
        "results": [{
            "request": "r", "driver": "gpu.test", "pool": "p", "device": "a", "adminAccess": True,
            "tolerations": [toleration], "bindingConditions": ["on"], "bindingFailureConditions": ["off"],
        }],
        "config": [
            {"source": "FromClass", "requests": ["r"], "opaque": {"driver": "gpu.test", "parameters": {"a": 1}}},
            {"source": "FromClaim", **own},
            {"source": "FromClaim"},
        ],
    }  # fmt: skip
    field = {"key": "metadata.name", "operator": "In", "values": ["n"]}
    assert found["nodeSelector"] == {"nodeSelectorTerms": [{"matchFields": [field]}]}


def test_the_configuration_of_an_alternative_counts_where_it_was_taken(build, allocated):
    build.slice("a")
    few, many = {"requests": ["r/few"]}, {"requests": ["r/many"]}
    claim = build.claim(
        build.first_of("r", build.request("many", count=2), build.request("few")),
        config=[many, few, {"requests": ["r"]}],
    )

    found = allocated(claim)

    assert [each["request"] for each in found["devices"]["results"]] == ["r/few"]
    assert [each["requests"] for each in found["devices"]["config"]] == [["r/few"], ["r"]]
    assert "nodeSelector" not in found


def test_the_selectors_of_several_slices_are_joined(build, allocated):
    def selecting(*zones):
        expressions = [{"key": f"zone-{zone}", "operator": "Exists"} for zone in zones]
        return {"nodeSelectorTerms": [{"matchExpressions": expressions}]}

    build.node_labels = {"zone-a": "", "zone-b": ""}
    build.slice("a", pool="1", nodeSelector=selecting("a"))
    build.slice("b", pool="2", nodeSelector=selecting("a", "b"))

    assert allocated(build.claim(build.request(count=2)))["nodeSelector"] == selecting("a", "b")


def test_a_device_that_binds_to_its_node_restricts_the_claim_to_it(build, allocated):
    build.slice({"name": "a", "bindsToNode": True})

    (term,) = allocated(build.claim(build.request()))["nodeSelector"]["nodeSelectorTerms"]
    assert term["matchFields"][0]["values"] == ["n"]


def test_a_part_of_a_shared_device_has_an_id_and_an_amount(build, allocated):
    build.slice({"name": "a", "allowMultipleAllocations": True, "capacity": {"memory": {"value": "10Gi"}}})
    claim = build.claim(build.request(capacity={"requests": {"memory": "4Gi"}}))

    (result,) = allocated(claim)["devices"]["results"]
    assert (result["shareID"], result["consumedCapacity"]) == ("share-1", {"memory": "4Gi"})
