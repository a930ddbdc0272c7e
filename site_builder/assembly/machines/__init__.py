"""What only machines read: feeds, and files for search engines and hosts."""
