"""Many entries at once: found by their keys, made and changed by a few statements, each with what became of it."""
