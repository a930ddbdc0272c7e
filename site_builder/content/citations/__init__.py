"""Bibliographies, and what authors cite of them."""
