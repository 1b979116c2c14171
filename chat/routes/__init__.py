"""HTTP: each route is a path, a guard, the fields, one call, a status."""
