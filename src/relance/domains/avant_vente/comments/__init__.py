"""What people say about a request: to everybody who sees it, or within the team."""
