"""Further contacts of the company: asked like the main one, and given access when they register."""
