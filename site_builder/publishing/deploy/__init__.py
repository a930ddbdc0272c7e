"""Putting the built site online."""
