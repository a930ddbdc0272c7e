"""The nouns: frozen values that the stages hand on, and the keys that authors write."""
