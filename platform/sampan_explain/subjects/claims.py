"""A PersistentVolumeClaim that is pending, or lost its volume. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.resources import Object
from sampan_explain.causes import Cause
from sampan_explain.objects import Objects
from sampan_explain.subjects.said import event_fact, flag, listed, namespace_of, sentence, similar, since, warnings
from sampan_machinery.metadata import annotations_of, get_path, labels_of
from sampan_machinery.quantities import compare
from sampan_machinery.resources import CSI_DRIVERS, PERSISTENT_VOLUMES, PODS, STORAGE_CLASSES
from sampan_machinery.selectors import from_object

DEFAULT = "storageclass.kubernetes.io/is-default-class"
SELECTED = "volume.kubernetes.io/selected-node"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
_SLOW = 30.0  # seconds after which a provisioner that runs would have said something
_MOST = 10  # volumes of which it is said why they do not fit


def state(claim: Object) -> str:
    return get_path(claim, "status", "phase", default="Pending") or "Pending"


def explain(claim: Object, objects: Objects) -> Iterator[Cause]:
    phase = state(claim)
    if phase == "Lost":
        name = get_path(claim, "spec", "volumeName", default="")
        yield Cause(
            reason="VolumeLost", text=f"Its volume {name} was deleted; what was in it may be lost.",
            facts=(f"spec.volumeName is {name}, and there is no such PersistentVolume",),
            commands=(f"kubectl delete pvc {claim['metadata']['name']}{flag(namespace_of(claim))}",),
        )  # fmt: skip
    elif phase == "Pending":
        yield from _pending(claim, objects)


def _pending(claim: Object, objects: Objects) -> Iterator[Cause]:
    spec = claim["spec"]
    if spec.get("volumeName"):
        yield from _named(claim, objects)
        return
    name = spec.get("storageClassName")
    classes = objects.list(STORAGE_CLASSES)
    if name is None:
        defaults = [each for each in classes if annotations_of(each).get(DEFAULT) == "true"]
        if not defaults and objects.is_known(STORAGE_CLASSES):
            yield _no_class(claim, classes)
            yield from _static(claim, objects, "")
        return
    if name == "":
        yield from _static(claim, objects, "")
        return
    found = next((each for each in classes if each["metadata"]["name"] == name), None)
    if found is None:
        volumes = list(_static(claim, objects, name))
        if objects.is_known(STORAGE_CLASSES):
            yield _absent_class(claim, name, classes)
        yield from volumes
        return
    yield from _of_class(claim, found, objects)


def _of_class(claim: Object, found: Object, objects: Objects) -> Iterator[Cause]:
    name, provisioner = found["metadata"]["name"], found.get("provisioner") or ""
    waits = found.get("volumeBindingMode") == "WaitForFirstConsumer" and SELECTED not in annotations_of(claim)
    users = _users(claim, objects)
    if waits and not users:
        yield Cause(
            reason="WaitForFirstConsumer",
            text=f"No pod uses it yet; its StorageClass {name} makes a volume when one does.",
            facts=(f"storageclass/{name}: volumeBindingMode is WaitForFirstConsumer", "no pod mounts the claim"),
            commands=(f"kubectl get pods{flag(namespace_of(claim))}",), note=True,
        )  # fmt: skip
        return
    if provisioner == NO_PROVISIONER:
        yield from _static(claim, objects, name)
        return
    if waits:
        waiting = [pod["metadata"]["name"] for pod in users if not pod["spec"].get("nodeName")]
        yield Cause(
            reason="WaitForPodScheduled",
            text=f"It gets a volume as soon as the scheduler has a node for the pod that uses it: {listed(waiting)}.",
            facts=(f"storageclass/{name}: volumeBindingMode is WaitForFirstConsumer",), note=True,
            commands=tuple(f"sampan why pod/{each}{flag(namespace_of(claim))}" for each in waiting[:1]),
        )  # fmt: skip
        return
    yield from _provisioning(claim, name, provisioner, objects)


def _provisioning(claim: Object, name: str, provisioner: str, objects: Objects) -> Iterator[Cause]:
    failed = warnings(claim, objects, "ProvisioningFailed")
    if failed:
        yield Cause(
            reason="ProvisioningFailed",
            text=f"The provisioner {provisioner} failed: {sentence(failed[0].get('message'))}",
            facts=(event_fact(failed[0]), f"storageclass/{name}: provisioner is {provisioner}"),
            commands=(f"kubectl describe pvc {claim['metadata']['name']}{flag(namespace_of(claim))}",),
        )  # fmt: skip
    elif since(claim["metadata"].get("creationTimestamp"), objects.now) > _SLOW:
        driver = objects.get(CSI_DRIVERS, provisioner)
        lacks = driver is None and objects.is_known(CSI_DRIVERS, "", provisioner)
        facts = [f"storageclass/{name}: provisioner is {provisioner}", "there is no event of a provisioner"]
        facts += [f"there is no CSIDriver {provisioner}"] if lacks else []
        yield Cause(
            reason="NoProvisioner", text=f"No provisioner called {provisioner} has answered: it does not run.",
            facts=tuple(facts), commands=("kubectl get csidrivers", "kubectl get pods -A | grep -i provisioner"),
        )  # fmt: skip


def _no_class(claim: Object, classes: list[Object]) -> Cause:
    names = [each["metadata"]["name"] for each in classes]
    fix = f"kubectl annotate storageclass {names[0] if names else 'NAME'} {DEFAULT}=true"
    return Cause(
        reason="NoDefaultClass",
        text="It names no StorageClass and the cluster has no default one"
        f"{f' (there are {listed(names)})' if names else ', nor any other'}.",
        facts=("spec.storageClassName is not set", "no StorageClass is marked as the default"), commands=(fix,),
    )  # fmt: skip


def _absent_class(claim: Object, name: str, classes: list[Object]) -> Cause:
    names = [each["metadata"]["name"] for each in classes]
    return Cause(
        reason="NoSuchClass", text=f"Its StorageClass {name} does not exist{similar(names, name) or '.'}",
        facts=(f"spec.storageClassName is {name}", f"StorageClasses: {listed(names) or 'none'}"),
        commands=("kubectl get storageclasses",),
    )  # fmt: skip


def _named(claim: Object, objects: Objects) -> Iterator[Cause]:
    name = claim["spec"]["volumeName"]
    volume = objects.get(PERSISTENT_VOLUMES, name)
    if volume is None:
        if objects.is_known(PERSISTENT_VOLUMES, "", name):
            yield Cause(
                reason="NoSuchVolume", text=f"It names the volume {name}, which does not exist.",
                facts=(f"spec.volumeName is {name}",), commands=("kubectl get pv",),
            )  # fmt: skip
        return
    why = unfit(claim, volume, claim["spec"].get("storageClassName") or "")
    if why:
        yield Cause(
            reason="VolumeDoesNotFit", text=f"It names the volume {name}, which does not fit: {why}.",
            facts=(f"persistentvolume/{name}: {why}",), commands=(f"kubectl describe pv {name}",),
            about=f"persistentvolume/{name}",
        )  # fmt: skip


def _static(claim: Object, objects: Objects, class_name: str) -> Iterator[Cause]:
    """Why none of the volumes that are there fits."""
    volumes = objects.list(PERSISTENT_VOLUMES)
    if not objects.is_known(PERSISTENT_VOLUMES):
        return
    reasons = {each["metadata"]["name"]: unfit(claim, each, class_name) for each in volumes}
    if any(not why for why in reasons.values()):
        return  # the binder will take it
    if not reasons:
        yield Cause(
            reason="NoVolumes", text="There is no PersistentVolume, and nothing makes one for this class.",
            facts=("PersistentVolumes: none",), commands=("kubectl get pv,storageclass",),
        )  # fmt: skip
        return
    near = sorted(reasons.items(), key=lambda pair: ("class" in pair[1], "bound" in pair[1], pair[0]))
    yield Cause(
        reason="NoVolumeFits", text=f"None of the {len(reasons)} PersistentVolumes fits.",
        facts=tuple(f"persistentvolume/{name}: {why}" for name, why in near[:_MOST]), commands=("kubectl get pv",),
        data={"volumes": reasons},
    )  # fmt: skip


def unfit(claim: Object, volume: Object, class_name: str) -> str:
    """Why the binder would not take the volume for the claim, "" where it would. Source: KEP-1472, binder's rules."""
    spec, wanted, metadata = volume["spec"], claim["spec"], claim["metadata"]
    bound = spec.get("claimRef")
    if bound and (bound.get("namespace"), bound.get("name")) != (metadata.get("namespace"), metadata["name"]):
        return f"it is bound to the claim {bound.get('namespace')}/{bound.get('name')}"
    if bound and bound.get("uid") and metadata.get("uid") and bound["uid"] != metadata["uid"]:
        return "it is bound to an earlier claim of the same name"
    if volume["metadata"].get("deletionTimestamp"):
        return "it is being deleted"
    phase = get_path(volume, "status", "phase", default="Available")
    if phase in ("Released", "Failed"):
        return f"it is {phase}: its data belong to a claim that was deleted"
    if (spec.get("storageClassName") or "") != class_name:
        return f"its class is {spec.get('storageClassName') or 'empty'}, not {class_name or 'empty'}"
    size, least = get_path(spec, "capacity", "storage"), get_path(wanted, "resources", "requests", "storage")
    if size and least and compare(size, least) < 0:
        return f"it has {size}, and {least} are asked for"
    lacking = [mode for mode in wanted.get("accessModes") or () if mode not in (spec.get("accessModes") or ())]
    if lacking:
        return f"it does not allow {listed(lacking)}"
    if (spec.get("volumeMode") or "Filesystem") != (wanted.get("volumeMode") or "Filesystem"):
        return f"its volumeMode is {spec.get('volumeMode') or 'Filesystem'}"
    if wanted.get("selector") and not from_object(wanted["selector"]).matches(labels_of(volume)):
        return "its labels do not match the claim's selector"
    return ""


def _users(claim: Object, objects: Objects) -> list[Object]:
    from sampan_podspec.claims import claim_uses

    name = claim["metadata"]["name"]
    return [pod for pod in objects.list(PODS, namespace_of(claim)) if any(use.claim == name for use in claim_uses(pod))]
