"""From pages to the files of a site: posts, lists, feeds, metadata, assets."""
