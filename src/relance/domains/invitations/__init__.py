"""Invitations: a buyer invites its commercial partners to fill a prequalification form, and follows each invitation."""
