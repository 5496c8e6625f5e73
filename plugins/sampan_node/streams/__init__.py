"""exec, attach, port-forward and logs over WebSocket and SPDY."""
