"""Shell completion: what may stand on the command line, and a script of it for each shell."""
