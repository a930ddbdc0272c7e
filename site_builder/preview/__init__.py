"""What the author looks at while writing: the site in memory, shown to a browser as it changes."""
