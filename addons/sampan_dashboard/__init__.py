"""A web dashboard for any Kubernetes: each request carries the signed-in user's own identity, and RBAC decides."""
