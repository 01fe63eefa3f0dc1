"""Pre-sales: a partner asks for an intervention on an opportunity; the team proposes slots; the partner takes one."""
