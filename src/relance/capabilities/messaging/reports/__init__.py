"""Delivery reports: what a mail system says about a mail after the relay had taken it (RFC 3464)."""
