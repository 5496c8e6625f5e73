"""Device plugins of a node (v1beta1): they register at a socket, offer devices as extended resources, and say what
containers get of them."""
