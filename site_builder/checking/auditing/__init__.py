"""What the outputs of a post depend on: it is run under changed conditions."""
