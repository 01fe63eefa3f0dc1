"""What the sweep reads and writes: plain rows, a statement for a batch of any size."""
