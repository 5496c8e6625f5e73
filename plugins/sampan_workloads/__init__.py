"""ReplicaSet and Deployment: kinds and controllers."""
