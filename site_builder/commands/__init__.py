"""The commands, a module for each: its arguments, and what it says to the author."""
