"""What authors are told of mistakes: the form of it, what each code means, what is silenced."""
