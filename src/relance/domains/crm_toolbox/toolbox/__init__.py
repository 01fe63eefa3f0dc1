"""The toolbox: what the caller may do, and what they want at hand."""
