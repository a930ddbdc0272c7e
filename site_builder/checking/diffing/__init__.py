"""Which numbers, claims and figures moved between two sides."""
