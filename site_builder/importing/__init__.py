"""Bringing in what was written elsewhere: notebooks, MyST and Quarto documents, percent scripts."""
