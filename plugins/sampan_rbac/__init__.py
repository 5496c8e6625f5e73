"""Role-based access control: kinds, authorizer, the standard roles."""
