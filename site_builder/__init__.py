"""A static site generator for blogs whose code runs."""

__version__ = "0.1.0"
