"""The sales that partners follow, and on which they ask for help."""
