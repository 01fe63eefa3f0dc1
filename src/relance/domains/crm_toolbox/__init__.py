"""The toolbox: what is done with companies and contacts outside, and the record of it."""
