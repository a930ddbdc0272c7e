"""What a reader sees: HTML, lists, feeds."""
