"""What on a site its author should look at, though it does not stop a build."""
