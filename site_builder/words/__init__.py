"""The words of the interface, in the language of each page: what no author wrote."""
