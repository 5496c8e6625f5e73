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
        r"delete (namespaces|v1 customresourcedefinitions\S*) (message : Operation cannot be fulfilled on "
        r"(Namespace|CustomResourceDefinition)\S* .*recondition|"
        r"failure details.kind: text not text \| Namespace \| namespaces)|"
        r"namespaces object metadata.finalizers: (lacks list|fewer items|adds list) .*foregroundDeletion|"
        r"customresourcedefinitions\S* failure details.kind: text not text \| CustomResourceDefinition \| ",
        "Namespaces and definitions are deleted like any other kind; upstream has own code, with other words for "
        "preconditions, and takes orphanDependents=false for a wish for Foreground",
    ),
    Accepted(r" status : \d+ not 0 ", "upstream's handler panics, and the connection ends without an answer"),
    Accepted(
        r"flowschemas\S* (managedFields metadata\.managedFields: fewer items|object status\.conditions|table rows)|"
        r"watch flowschemas|flowschemas\S* status : (200|422) not 409",
        "the peer looks after FlowSchemas in the API server, sampan in a reconciler, which does not run here",
    ),
    Accepted(
        r"delete(collection)? jobs.batch warnings : lacks .*child pods are preserved|"
        r"create csidrivers\S* warnings : lacks .*serviceAccountTokenInSecrets",
        "a name that is taken, and one that is not there, is refused before the object is looked into",
    ),
    Accepted(
        r"\S+ daemonsets.apps(/status)? object metadata.annotations: adds .*deprecated.daemonset.template.generation",
        "rows of a table are made of upstream's internal object, which has no such annotation",
    ),
    Accepted(r"apiservices\S*/status", "the peer looks after APIServices in the API server"),
    Accepted(
        r"message : .*quantities must match",
        "a quantity of a wrong type is told with its field",
    ),
    Accepted(
        r"jobs\.batch managedFields \S+f:spec\.f:podFailurePolicy\.\S*: lacks empty dict|"
        r"networkpolicies\S* object metadata.generation|f:drivers.k:.f:topologyKeys: lacks|"
        r"runtimeclasses\S* object overhead: lacks|persistentvolumes cause spec\.persistentvolumesource: lacks|"
        r"horizontalpodautoscalers.* spec\.behavior\.scale(Up|Down)\.policies(: lacks FieldValueRequired)?|"
        r"pods cause spec\.ephemeralContainers\[\]\.resizePolicy: lacks FieldValueForbidden|"
        r"create pods status : 201 not 403 .*Pod Overhead set without|"
        r"resourceslices\S* (status : 20\d not 422 spec|"
        r"cause spec: lacks FieldValueInvalid .*only one of `sharedCounters`)",
        "gap: a list or map that is sent empty is read as one that is left out",
    ),
    Accepted(r"delete apiservices\S* status : 200 not 409", "the peer writes their statuses between our requests"),
    Accepted(
        r"ports\[\]\.hostIP: adds|status : 422 not 20\d .*ports\[\d+\]\.hostIP: Invalid value",
        "a host address that is none is refused; upstream finds out on the node",
    ),
    Accepted(
        r"^watch (\S+ )?\S+ object rows\[\]\.cells: fewer items \| \[\] ",
        "a bookmark that is shown as a Table has no cells, for there is no object in it",
    ),
    Accepted(
        r"^watch (\S+ )?\S+ object columnDefinitions: list not NoneType",
        "each event of a watched Table has its columns, as one frame is for all watchers; upstream's first alone has",
    ),
    Accepted(
        r"webhookconfigurations\S* cause webhooks\[\]\.clientConfig\.service\.name(space)?: "
        r"(adds|lacks) FieldValueRequired",
        "upstream takes a service's name and namespace for each other, and names the one that is there",
    ),
    Accepted(
        r"jobs\.batch/status (object metadata\.labels|managedFields \S*f:metadata\.f:labels)",
        "a Job whose status is written without labels gets those of its template, not of the one that is sent",
    ),
    Accepted(
        r"create \S+ object metadata\.resourceVersion: lacks text",
        "a dry run of a creation has no resourceVersion; upstream shows the text that was sent, if it is no number",
    ),
    Accepted(
        r"serviceaccounts managedFields metadata\.managedFields: adds list",
        "an object with an element that lacks its key has owners; upstream cannot tell them, logs it, and keeps none",
    ),
    Accepted(
        r"delete persistentvolumeclaims status : 200 not 409 .*the ResourceVersion in the precondition",
        "an apply that is repeated writes nothing, even with a quantity in another form; upstream writes its time",
    ),
    Accepted(r"columnDefinitions\[\]\.description", "descriptions of columns are prose of upstream's, and not ours"),
    Accepted(
        r"projected.sources: fewer items .*openshift-service-ca.crt",
        "the peer is built from OpenShift's fork, which mounts a certificate of its own",
    ),
    Accepted(
        r"apiservices\S* (object|table) (status|rows)|watch apiservices",
        "the peer looks after APIServices in the API server, sampan in a reconciler, which does not run here",
    ),
    Accepted(
        r"status : 4\d\d not 500 ((metadata\.)?resourceVersion|strconv|duplicate nodePort|"
        r"failed to (create typed patch|create manager for existing fields|convert new)|"
        r".*declared merge key|"
        r"unable to find api field in struct RawExtension|target\.(name|kind))",
        "a client's mistake is a 4xx; upstream answers 500 to a malformed resourceVersion, an ill-typed apply, a "
        "strategic patch of a ControllerRevision's data, a Service with one port twice and a Binding to no node",
    ),
    Accepted(r"RequestWatchProgress is disabled", "the etcd at hand is older than the peer wants"),
    Accepted(
        r"message : invalid continue token: continue key is not valid",
        "what is wrong with the text of a token is said in the words of another JSON parser",
    ),
    Accepted(
        r"nodes\S* \S+ spec.taints: (fewer items|lacks list)|"
        r"apply nodes status : 200 not 409 (\.spec\.configSource )?\.spec\.taints|"
        r"apply nodes cause \.spec\.taints: lacks FieldManagerConflict",
        "sampan's reconciler for nodes adds the taint not-ready, a moment later and without a reader waiting for it",
    ),
    Accepted(r"table rows: empty list not NoneType", "Go's nil slice, where upstream has no printer of its own"),
    Accepted(
        r"networkpolicies\S* warnings : adds .*stored but not enforced",
        "who writes a NetworkPolicy is told that it is not enforced",
    ),
    Accepted(
        r"spec.ports\[\].nodePort: lacks FieldValueDuplicate",
        "upstream gives both ports one node port before it refuses them",
    ),
    Accepted(
        r"update \S+/scale status : 404 not 400|create pods status : 404 not 400 name in URL does not match",
        "an object that is not there is not found, before the body is read",
    ),
    Accepted(
        r"tokenreviews\S* object status\.(audiences|error)|serviceaccounts object spec\.audiences\[\]: text not text",
        "each server has its own issuer and audience",
    ),
    Accepted(
        r"apply \S+ status : 400 not (403|409|422|20\d)",
        "what an apply cannot be read as comes before what else is wrong with it",
    ),
    Accepted(
        r"deletion(Timestamp|GracePeriodSeconds): lacks", "an apply that creates cannot set what belongs to a deletion"
    ),
    Accepted(
        r"retryAfterSeconds: adds", "a read that is ahead of its time is told when to come again, whatever the kind"
    ),
    Accepted(r"message : Foo in version ", "upstream names a file of its source"),
    Accepted(
        r"(update|delete) apiservices\S* status : (409 not 200|(200|422) not 409)|"
        r"create apiservices\S* status : 201 not 409",
        "the peer writes statuses of APIServices between our requests",
    ),
    Accepted(
        r"^discover \S+ discovery : lacks ", "kinds and groups that sampan does not serve are in docs/compatibility.md"
    ),
    Accepted(
        r"^discover \S+ discovery : adds .*allocation.sampan.dev", "claims on node ports are a kind of sampan's own"
    ),
    Accepted(
        r"(update|apply) \S+/status status : 404 not (422|201)|"
        r"patch .*widgets\S* status : 4(04|22) not 415",
        "an object that is not there is not found, before it is looked into",
    ),
    Accepted(
        r"controllerrevisions\S* status : 200 not 422 data|resourceclaimtemplates\S* status : 200 not 422 spec",
        "gap: upstream compares the bytes of free objects that may not change, which a patch writes in another order",
    ),
    Accepted(
        r"message : .* not the server rejected our request due to an error", "why a JSON patch does not apply is said"
    ),
    Accepted(r"failure details: lacks empty dict \| nothing \| \{\}$", "empty details say nothing"),
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
        r"delete \S+ object metadata\.deletionTimestamp: text not text \| NOW \| 2025-|"
        r"delete \S+ object metadata\.generation: int not int \| 2 \| 1$",
        "an apply that creates cannot set what belongs to a deletion, which so begins later",
    ),
    Accepted(
        r"delete \S+ kind : Status not \w+ .*\"metadata\": \{\}",
        "a dry run of a deletion that finalizers hold up is answered by upstream with an empty object",
    ),
    Accepted(
        r"(create|update|patch|apply) services status : 422 not 20\d .*provided port is not in the valid range|"
        r"services cause spec\.ports\[\]\.\w+: .*\| \[\"spec\.ports\[\d+\]\.nodePort: .*provided port is not in the",
        "a dry run is told of a node port that cannot be had; upstream allocates none then, and asks nothing",
    ),
    Accepted(
        r"persistentvolumeclaims\S* (object spec\.storageClassName: adds|(table|object) rows.* local-path)|"
        r"update persistentvolumeclaims status : 422 not 200 .*spec is immutable after creation",
        "sampan has a default StorageClass, local-path, which a claim without one gets and keeps",
    ),
    Accepted(
        r"customresourcedefinitions\S* object status\.conditions\[\]\.(status|reason|message): text|"
        r"^watch (v1 )?customresourcedefinitions\S* watch : (fewer|more) items",
        "the peer writes the conditions of a definition one after the other, and may be asked between",
    ),
    Accepted(
        r"(get|apply|patch|update) \S* ?customresourcedefinitions\S*/status status : 404 not 406",
        "what is not there is not found, in whatever form it is asked for",
    ),
    Accepted(
        r"poddisruptionbudgets\S* cause metadata\.\w+: adds",
        "what is wrong with the metadata is told with the rest; upstream looks there where the rest is right",
    ),
    Accepted(
        r"(resourceslices|jobs)\S* message : field label not supported",
        "an unknown field label is told without the version of the kind",
    ),
    Accepted(
        r"resourceclaims\S*/status (status : \d+ not 406 |kind : Table not ResourceClaim)",
        "a Table of what is written to the status of a ResourceClaim is answered; upstream has no columns there",
    ),
    Accepted(
        r"namespaces object metadata.deletionTimestamp: text not text .* 2025-01-02T|"
        r"namespaces (object status.phase|table rows\[\].cells\[\]): text not text \| Terminating \| Active",
        "an apply that creates cannot set what belongs to a deletion; upstream makes a Namespace Active and going",
    ),
    Accepted(r"cause : order .*FieldManagerConflict", "upstream takes the owners of a field in the order of a Go map"),
    Accepted(
        r"cause : order (\S+ )*(nodeTopology(\.matchLabels)?|((spec\.)?metadata|template)\.labels|"
        r"(spec|scheduling|webhooks\[\])\.(s|\w+S)elector(\.matchLabels)?|"
        r"spec\.limits\[\]\.\w+\[\]|spec\.hard\[\]|overhead\.limits\[\]|(binaryD|d)ata\[\]|spec\.metrics\[\]\.type)"
        r"( \S+)* \|",
        "upstream looks at labels, selectors, data and a metric's sources in the order of a Go map",
    ),
    Accepted(
        r"services object spec.internalTrafficPolicy: adds",
        "that of an ExternalName is kept as sent; upstream keeps it too, and its owner, and never shows it",
    ),
    Accepted(
        r"cause \S*[cC]ontainers\[\]\.restartPolicy(Rules)?(\[\]\.\w+)?: |"
        r"status : 422 not 20\d .*[cC]ontainers\[\d+\]\.restartPolicy(Rules)?: (Forbidden|Unsupported)",
        "restart rules of containers (KEP-5307) are refused, as the node agent does not follow them",
    ),
    Accepted(
        r"widgets\S* cause : order ",
        "upstream looks at the fields of a custom object in the order of a Go map",
    ),
    Accepted(
        r"apply \S+ widgets\S*/scale status : \d+ not 500 failed to (convert new object|create manager)",
        "upstream cannot apply to the Scale of a custom object: it takes autoscaling/v1 for one of its versions",
    ),
    Accepted(
        r"nodes\S* status : 422 not 20\d .*status\.(addresses|conditions)\[\d+\]\.(type|status|address): Required",
        "what tells a node's conditions and addresses apart has to be there; upstream reads an empty text",
    ),
    Accepted(
        r"statefulsets\S* (object metadata\.generation: int not int|"
        r"\w+ \S*updateStrategy\.(f:)?rollingUpdate\.(f:)?maxUnavailable: adds|"
        r"status : 422 not 20\d .*rollingUpdate\.maxUnavailable|cause \S+rollingUpdate\.maxUnavailable: adds)",
        "maxUnavailable of a StatefulSet (KEP-961) is there; upstream drops it, as its feature is not on by default",
    ),
    Accepted(
        r"resourceslices\S* object metadata\.generation: int not int \| 1 \| 2$",
        "fields of an alpha feature are dropped before a new generation is counted, upstream after it",
    ),
    Accepted(
        r"update daemonsets\.apps/status managedFields metadata\.managedFields: fewer items",
        "who writes a status without the annotation of the template's number owns it upstream, which reads a zero",
    ),
    Accepted(
        r"message : .*Go struct field NamedRuleWithOperations\.\S+ of type .* not .*\.RuleWithOperations\.",
        "Go names the structs that are embedded on the way",
    ),
    Accepted(
        r"customresourcedefinitions\S* message : .*of type string not .*of type v1\.JSONSchemaURL",
        "a type of Go's that is a text is called so",
    ),
    Accepted(r"accessreviews\S* object spec\.extra\.\S+: empty list not NoneType", "Go's nil slice, as it was sent"),
    Accepted(
        r"reviews\.\S+ managedFields|create serviceaccounts managedFields \S+ lacks list .*\"subresource\": \"token\"",
        "what is answered and not stored has no owners",
    ),
    Accepted(r"create serviceaccounts object status\.token: empty text not text", "a dry run gives no token"),
    Accepted(
        r"^(update|patch|apply) \S+ (status : 20\d not 422 metadata\.generateName \|"
        r"|cause metadata\.generateName: lacks FieldValueInvalid)",
        "gap: what an update says of generateName, which means nothing then, is not looked at",
    ),
    Accepted(
        r"message : .*no kind _ is registered for this resource.* not .*( in scheme |unknown conversion)|"
        r"message : the API version in the data .* not .* is registered for version .* in scheme ",
        "upstream names a file of its source, or its internal types",
    ),
    Accepted(
        r"message : the object provided is unrecognized .*; json parse error: JSON is malformed",
        "what is no JSON is told in the words of another parser",
    ),
    Accepted(
        r"patch \S+ status : 400 not 422 patch .*registered for this resource",
        "a patch that makes another kind of an object is a bad request, as an update is",
    ),
    Accepted(
        r"message : .*accepted media types include: .* not _: Unsupported Media Type",
        "which types of patches are read is said for every kind",
    ),
    Accepted(r"apiservices\S* managedFields", "the peer looks after APIServices in the API server"),
)


def reason(difference: Difference) -> str:
    """Why the difference is accepted; "" where it is not."""
    return next((entry.reason for entry in ACCEPTED if re.search(entry.pattern, difference.line)), "")
