"""TeX in, MathML out. Knows nothing of posts or files."""
