"""Export templates: profiles as PDF, by HTML that the workspace writes."""
