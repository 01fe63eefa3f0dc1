"""How somebody comes into an account, and back into it: invitations of users and password resets, by mail and link."""
