"""What every domain is built from: asking, mailing, linking, following up, recording."""
