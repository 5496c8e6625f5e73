"""RuntimeClass: how a pod's containers are run, what that costs a node, and which nodes can do it."""
