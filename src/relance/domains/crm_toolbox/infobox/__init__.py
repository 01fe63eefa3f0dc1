"""The infobox: one record of what was done with each company and contact, and of what is to come."""
