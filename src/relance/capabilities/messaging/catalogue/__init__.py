"""Mail templates that customers edit: the reduced language, overrides with versions, branding, preview and test."""
