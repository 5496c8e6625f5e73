"""Service, Endpoints, EndpointSlice: kinds, address allocation, controllers."""
