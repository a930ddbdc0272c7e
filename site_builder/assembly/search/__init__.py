"""Search without a server: an index in files, of which a query loads those that it needs."""
