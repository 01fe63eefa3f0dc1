"""« Envoyer profil »: profiles to contacts, at once or at a later time, or only the note that it was done."""
