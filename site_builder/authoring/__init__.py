"""What helps an author between builds: a new blog, a new post, a list of all, what is missing."""
