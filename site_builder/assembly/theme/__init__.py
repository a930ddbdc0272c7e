"""The theme: its templates, style, scripts and words."""
