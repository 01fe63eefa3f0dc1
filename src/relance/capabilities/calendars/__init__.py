"""Dates as calendars read them: iCalendar objects (RFC 5545) for mails and feeds."""
