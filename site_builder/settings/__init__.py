"""What `site.toml` can say, typed and checked."""
