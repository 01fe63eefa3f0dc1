"""What a workspace sets for its directory: statuses, its own fields, and what each user keeps of the lists."""
