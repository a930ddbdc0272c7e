"""Citations and references as readers see them."""
