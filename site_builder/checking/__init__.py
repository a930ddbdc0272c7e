"""What is held against a new run: verify, diff, audit, numbers that were typed."""
