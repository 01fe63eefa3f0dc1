"""The dashboard: which invitations a caller sees, under which filters, and the list that answers it."""
