"""What an author writes: reading posts and understanding them."""
