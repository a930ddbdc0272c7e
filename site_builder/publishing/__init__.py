"""Putting the site where it belongs."""
