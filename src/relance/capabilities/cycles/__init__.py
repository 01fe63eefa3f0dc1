"""The cycle that every asked subject runs through: asked by mail, reminded, expired, asked again, or ended."""
