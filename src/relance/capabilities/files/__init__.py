"""Files that the product keeps, in a local folder or an object store: uploads to work off, exports to fetch."""
