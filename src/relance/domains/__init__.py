"""The five routers the product is for; independent of each other."""
