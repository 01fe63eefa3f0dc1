"""A list as a file: a domain declares it once, and has the two routes and the job."""
