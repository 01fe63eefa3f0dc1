"""Long work: a row with progress and a result per item, worked off in small transactions and resumed after a crash."""
