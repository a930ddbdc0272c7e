"""A published site held against its own records and against a new run."""
