"""Running the cells of posts."""
