"""Measurements, not tests: nothing here passes or fails. Run `make bench`."""
