"""Contacts and companies from a file: dry run, commit, report, and taking back what nobody has touched since."""
