import pytest


def hpa(make, *conditions, current=2, desired=2, share=None, **spec):
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    status = {"currentReplicas": current, "desiredReplicas": desired, "conditions": list(conditions)}
    if share is not None:
        status["currentMetrics"] = [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": share}}}
        ]
    return make.obj(
        "HorizontalPodAutoscaler",
        "web",
        "autoscaling/v2",
        status=status,
        spec={
            "scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"},
            "minReplicas": 1,
            "maxReplicas": 4,
            "metrics": [metric],
            **spec,
        },
    )


@pytest.fixture
def good(make):
    return make.condition("AbleToScale", "True", "ReadyForNewScale"), make.condition(
        "ScalingActive", "True", "ValidMetricFound"
    )


def test_an_autoscaler_whose_target_is_missing(make, why):
    message = 'the HPA controller was unable to get the target\'s current scale: deployments.apps "web" not found'
    found = why(hpa(make, make.condition("AbleToScale", "False", "FailedGetScale", message)))

    assert (found.causes[0].reason, found.causes[0].about) == ("NoTarget", "deployment/web")


def test_a_cluster_without_metrics(make, why):
    failed = make.condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned")
    found = why(hpa(make, failed))

    assert (found.causes[0].reason, found.causes[0].commands) == ("NoMetricsServer", ("sampan addons enable metrics",))


def test_a_metrics_api_that_does_not_answer(make, why, reasons):
    service = make.obj("APIService", "v1beta1.metrics.k8s.io", "apiregistration.k8s.io/v1", namespace="",
                       status={"conditions": [make.condition("Available", "False", "X", "no route")]})  # fmt: skip
    failed = make.condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned")

    assert reasons(why(hpa(make, failed), service)) == ["MetricsUnavailable"]


def test_containers_without_requests_are_named(make, why):
    target = make.obj("Deployment", "web", "apps/v1", spec={"selector": {"matchLabels": {"app": "web"}}})
    message = "failed to get cpu utilization: missing request for cpu in container app of Pod web-1"
    found = why(
        hpa(make, make.condition("ScalingActive", "False", "FailedGetResourceMetric", message)), target, make.pod()
    )

    assert found.causes[0].text.endswith("request no cpu (app).")
    assert found.causes[0].commands == ("kubectl set resources deployment/web -n default --requests=cpu=…",)


@pytest.mark.parametrize(
    ("reason", "known"), [("ScalingDisabled", "TargetAtZero"), ("AmbiguousSelector", "AmbiguousSelector")]
)
def test_scaling_that_is_off(make, why, reasons, reason, known):
    assert reasons(why(hpa(make, make.condition("ScalingActive", "False", reason, "m")))) == [known]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("TooManyReplicas", "more than maxReplicas (4)"),
        ("TooFewReplicas", "fewer than minReplicas (1)"),
        ("ScaleUpLimit", "as fast as its policies allow"),
    ],
)
def test_limits(make, why, good, reason, words):
    found = why(hpa(make, *good, make.condition("ScalingLimited", "True", reason, "m")))

    assert words in found.causes[0].text


def test_a_scale_down_that_waits_for_its_window(make, why, good):
    able = make.condition("AbleToScale", "True", "ScaleDownStabilized", "recent recommendations were higher")
    found = why(hpa(make, able, good[1]))

    assert found.healthy
    assert "within the last 300 s" in found.causes[0].text


def test_a_share_within_the_tolerance(make, why, good, reasons):
    assert reasons(why(hpa(make, *good, share=53))) == ["WithinTolerance"]
    assert reasons(why(hpa(make, *good, share=80))) == []


def test_an_autoscaler_that_was_not_looked_at(make, why, reasons):
    assert reasons(why(hpa(make))) == ["NotObserved"]
