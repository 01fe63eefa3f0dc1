"""The companies and contacts that every domain asks, with identifiers and addresses in one normal form."""
