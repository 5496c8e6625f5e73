"""The kinds that say who a user is: TokenReview and SelfSubjectReview.

Source: API reference authentication.k8s.io/v1.
"""

from __future__ import annotations

import time
from functools import partial

from sampan.contracts.kinds import Kind, Object
from sampan.contracts.serving import Call
from sampan.errors import BadRequest, Unauthorized
from sampan_auth.bearer import Bearer
from sampan_machinery.metadata import now_text
from sampan_machinery.users import user_info

GROUP = "authentication.k8s.io"


def review_token(bearer: Bearer, call: Call) -> Object:
    """TokenReview: whose token is that, and is it meant for these audiences?"""
    review = call.body()
    spec = review.get("spec") or {}
    if not spec.get("token"):
        raise BadRequest("token is required for TokenReview in authentication")
    try:
        user, audiences = bearer.review(spec["token"], spec.get("audiences") or ())
        status: Object = {"authenticated": True, "user": user_info(user), "audiences": list(audiences)}
    except Unauthorized as error:
        status = {"user": {}, "error": error.message}
    return {
        "kind": "TokenReview",
        "apiVersion": f"{GROUP}/v1",
        "metadata": _metadata(review),
        "spec": spec,
        "status": status,
    }


def review_self(call: Call) -> Object:
    """SelfSubjectReview: who am I?"""
    return {
        "kind": "SelfSubjectReview",
        "apiVersion": f"{GROUP}/v1",
        "metadata": {"creationTimestamp": now_text(time.time()), **_metadata(call.body())},
        "status": {"userInfo": user_info(call.user)},
    }


def _metadata(review: Object) -> Object:
    return {key: value for key, value in (review.get("metadata") or {}).items() if key != "managedFields"}


def review_kinds(bearer: Bearer, *, waits: bool = False) -> list[Kind]:
    """``waits``: ``bearer`` may ask other servers."""
    return [
        Kind(
            group=GROUP, version="v1", kind="TokenReview", plural="tokenreviews", namespaced=False, verbs=("create",),
            answer=partial(review_token, bearer), answer_blocks=waits, sensitive=True,
        ),
        Kind(
            group=GROUP, version="v1", kind="SelfSubjectReview", plural="selfsubjectreviews", namespaced=False,
            verbs=("create",), answer=review_self,
        ),
    ]  # fmt: skip
