"""Differences that are meant to be, and why. A pattern is searched in ``where aspect path: shape | ours | peers``.

A reason that begins with ``gap:`` is a fault of sampan's that is known and not mended; docs/compatibility.md lists them
under "Known differences from kube-apiserver".

A pattern that matches too much hides faults: each is as narrow as its reason.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from differing import Difference


class Accepted(NamedTuple):
    pattern: str
    reason: str


ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        r"managedFields\[\]\.time: lacks text",
        "an apply to a subresource that changes nothing there has no time; upstream compares before it drops the rest",
    ),
    Accepted(
        r"namespaces (message|failure details.kind): ?.*(precondition|namespaces)",
        "Namespaces are deleted like any other kind; upstream has code of its own, with other words",
    ),
    Accepted(r"apiservices\S*/status", "the peer looks after APIServices in the API server"),
    Accepted(r"events\.events\.k8s\.io message", "gap: events.k8s.io is read like any other kind"),
    Accepted(
        r"message : .*quantities must match",
        "a quantity of a wrong type is told with its field",
    ),
    Accepted(
        r"status.evaluationError: lacks", "gap: a selector that cannot be read narrows nothing, and nothing is said"
    ),
    Accepted(
        r"networkpolicies\S* object metadata.generation",
        "gap: for upstream a missing list and an empty one are two specs of a NetworkPolicy",
    ),
    Accepted(r"delete apiservices\S* status : 200 not 409", "the peer writes their statuses between our requests"),
    Accepted(r"ports\[\]\.hostIP: adds", "a host address that is none is refused; upstream finds out on the node"),
    Accepted(r"columnDefinitions\[\]\.description", "descriptions of columns are prose of upstream's, and not ours"),
    Accepted(
        r"projected.sources: fewer items .*openshift-service-ca.crt",
        "the peer is built from OpenShift's fork, which mounts a certificate of its own",
    ),
    Accepted(
        r"apiservices\S* (object|table) (status|rows)",
        "the peer looks after APIServices in the API server, sampan in a reconciler, which does not run here",
    ),
    Accepted(
        r"status : 4\d\d not 500 ((metadata\.)?resourceVersion|strconv|failed to (create typed patch|convert new))",
        "a client's mistake is a 400; upstream answers 500 to a malformed resourceVersion and an ill-typed apply",
    ),
    Accepted(r"RequestWatchProgress is disabled", "the etcd at hand is older than the peer wants"),
    Accepted(
        r"message : invalid continue token: continue key is not valid",
        "what is wrong with the text of a token is said in the words of another JSON parser",
    ),
    Accepted(
        r"nodes\S* \S+ spec.taints: (fewer items|lacks list)|apply nodes status : 200 not 409 .spec.taints",
        "sampan's reconciler for nodes adds the taint not-ready, a moment later and without a reader waiting for it",
    ),
    Accepted(
        r"spec.volumes\[\]\.(glusterfs|fc|iscsi|rbd|cephfs|nfs|flexVolume|cinder|azure\w+|scaleIO|quobyte|flocker|"
        r"portworxVolume|photon\w+|storageos|vsphereVolume|gcePersistentDisk|awsElasticBlockStore|gitRepo|csi|image)\b",
        "gap: volume types that sampan does not have are not looked into",
    ),
    Accepted(r"table rows: empty list not NoneType", "Go's nil slice, where upstream has no printer of its own"),
    Accepted(r"^watch .*BOOKMARK", "bookmarks come when the server likes"),
    Accepted(r"spec\.resources\.", "gap: resources of a whole pod are not looked into"),
    Accepted(
        r"networkpolicies\S* warnings : adds .*stored but not enforced",
        "who writes a NetworkPolicy is told that it is not enforced",
    ),
    Accepted(
        r"spec.ports\[\].nodePort: lacks FieldValueDuplicate",
        "upstream gives both ports one node port before it refuses them",
    ),
    Accepted(r"services warnings : lacks ", "gap: advice on Services is not given"),
    Accepted(
        r"update \S+/scale status : 404 not 400", "an object that is not there is not found, before the body is read"
    ),
    Accepted(
        r"nodes object status(\.(capacity|allocatable))?: lacks dict",
        "gap: a status is not taken from an apply that creates",
    ),
    Accepted(
        r"events\.events\.k8s\.io (cause|object)|\S+ events\.events\.k8s\.io status : 20\d not 422",
        "gap: events.k8s.io is stored as core's events and checked as these",
    ),
    Accepted(r"tokenreviews\S* object status\.(audiences|error)", "each server has its own issuer and audience"),
    Accepted(
        r"apply \S+ status : 400 not (409|422|20\d)",
        "what an apply cannot be read as comes before what else is wrong with it",
    ),
    Accepted(
        r"leases\S* managedFields|namespaces\S* managedFields|nodes\S* managedFields .*fewer items",
        "gap: fields that the server "
        "drops or keeps as they are (preferredHolder, a Namespace's finalizers, taints) are owned by nobody",
    ),
    Accepted(
        r"apply secrets object data: lacks dict|apply configmaps status : 201 not 422 data",
        "gap: null in a map of an apply is left out",
    ),
    Accepted(
        r"update \S+ object metadata.resourceVersion: lacks text", "gap: a dry run that would create shows no version"
    ),
    Accepted(
        r"deletion(Timestamp|GracePeriodSeconds): lacks", "an apply that creates cannot set what belongs to a deletion"
    ),
    Accepted(
        r"retryAfterSeconds: adds", "a read that is ahead of its time is told when to come again, whatever the kind"
    ),
    Accepted(
        r"events message : resourceVersion: .* not invalid resource version",
        "Events are not cached upstream, and read by other code",
    ),
    Accepted(r"message : Foo in version ", "upstream names a file of its source"),
    Accepted(r"apply nodes status : 201 not 422 status", "gap: a status is not taken from an apply that creates"),
    Accepted(
        r"update apiservices\S* status : 409 not 200|create apiservices\S* status : 201 not 409",
        "the peer writes statuses of APIServices between our requests",
    ),
    Accepted(
        r"^discover \S+ discovery : lacks ", "kinds and groups that sampan does not serve are in docs/compatibility.md"
    ),
    Accepted(
        r"^discover \S+ discovery : adds .*allocation.sampan.dev", "claims on node ports are a kind of sampan's own"
    ),
    Accepted(r"field not declared in schema|defaultUser|evictionResponders", "the table of fields is of 1.37"),
    Accepted(
        r"(update|apply) \S+/status status : 404 not (422|201)",
        "an object that is not there is not found, before it is looked into",
    ),
    Accepted(
        r"controllerrevisions\S* status : 200 not 422 data",
        "gap: upstream compares the bytes of the data, which a patch writes in another order",
    ),
    Accepted(
        r"message : .* not the server rejected our request due to an error", "why a JSON patch does not apply is said"
    ),
    Accepted(r"failure details: lacks empty dict \| nothing \| \{\}$", "empty details say nothing"),
    Accepted(
        r"endpoints warnings : lacks .*watch|watch endpoints warnings",
        "gap: a watch's head carries no warning of what is deprecated",
    ),
    Accepted(
        r"cause patch: |message : .*is invalid: patch: ",
        "the patched object is quoted, in Go's map order and Go's syntax",
    ),
    Accepted(
        r"^watch .*(RequestWatchProgress|\"code\": 500|initial-events-end)",
        "the etcd at hand is older than the peer wants for a watch with an initial list",
    ),
    Accepted(r"StorageError: invalid object", "upstream names its etcd key and error"),
    Accepted(r"cause : number ", "on the update of some kinds upstream checks the metadata twice and says so twice"),
    Accepted(
        r"(events\.events\.k8s\.io|v1 horizontalpodautoscalers)\S* managedFields",
        "gap: owners of fields are kept in the version that is stored",
    ),
    Accepted(
        r"namespaces object metadata.deletionTimestamp: text not text .* 2025-01-02T|"
        r"namespaces (object status.phase|table rows\[\].cells\[\]): text not text \| Terminating \| Active",
        "an apply that creates cannot set what belongs to a deletion; upstream makes a Namespace Active and going",
    ),
    Accepted(r"cause : order .*FieldManagerConflict", "upstream takes the owners of a field in the order of a Go map"),
    Accepted(r"cause : order metadata.labels \|", "upstream looks at labels in the order of a Go map"),
    Accepted(
        r"apply v1 horizontalpodautoscalers\S* status : 200 not 409",
        "gap: owners of fields are kept in the version that is stored, and so an apply of another meets no conflict",
    ),
    Accepted(
        r"apply leases\S* status : 20\d not 500 failed to convert",
        "a time of whole seconds is a time, where upstream's apply fails with 500",
    ),
    Accepted(
        r"^discover (\w+admissionpolic\w+|\w+webhookconfigurations|flowschemas|prioritylevelconfigurations) "
        r"discovery (verbs|categories): (fewer items|lacks)",
        "gap: the kinds of webhooks, policies and flow control can be read alone, and there are none",
    ),
    Accepted(
        r"update controllerrevisions\S* status : 400 not 404|controllerrevisions\S* status : 400 not 422 data",
        "gap: data of a ControllerRevision that is no object is told while the body is read",
    ),
    Accepted(r"reviews\.\S+ managedFields", "what is answered and not stored has no owners"),
    Accepted(r"apiservices\S* managedFields", "the peer looks after APIServices in the API server"),
)


def reason(difference: Difference) -> str:
    """Why the difference is accepted; "" where it is not."""
    return next((entry.reason for entry in ACCEPTED if re.search(entry.pattern, difference.line)), "")
