"""What a page can prove: numbers as displayed, the published record, what a page shows."""
