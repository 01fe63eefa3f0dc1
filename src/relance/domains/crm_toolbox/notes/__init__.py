"""« Info »: notes on companies and contacts."""
