"""The node agent: turns pods assigned to this node into running containers."""
