"""Deliveries (dépôts): what a company hands in on each due date of its mandate's schedule."""
