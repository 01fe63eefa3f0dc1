"""People as the law sees them: what every room keeps of somebody, told and erased."""
