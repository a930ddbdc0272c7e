"""The pictures that show pages where their addresses are shared."""
