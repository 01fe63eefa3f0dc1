"""The actions of the toolbox, each an operation of its own."""
