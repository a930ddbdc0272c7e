"""Pictures as files: what a file holds, what must not be published of it, and smaller ones."""
