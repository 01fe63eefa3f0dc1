"""Forms from a JSON Schema: shown by the server, read back into typed answers, validated in two languages.

The subset of JSON Schema 2020-12 that can be shown:

- objects: the form itself and its sections (fieldsets), which may hold sections again; `required`;
- strings, with `format` email, date or uri, `x-widget: textarea`, `x-autocomplete`, `x-inputmode`;
- numbers and integers; booleans as yes or no, and `{"const": true}` as one box to tick;
- choices: `enum`, or `oneOf` of `{const, title}`; arrays of choices as boxes to tick;
- files: `{"type": "string", "format": "file"}`, or an array of these; the answer is the id of a file that was sent
  through the same link. `x-accept` lists the kinds that are taken (`pdf`, `png`, `jpeg`, `docx`, `xlsx`, `pptx`, `odt`,
  `ods`; all where absent), `x-max-bytes` the most bytes of one (what the deployment takes where absent);
- words: `title` and `description`, or in two languages `x-title`, `x-hint` and `x-enum-labels`;
- `x-order`: the names of an object's properties in order, for where the schema is kept without one (JSONB).
"""

from relance.capabilities.links.forms.fields import Choice, Field, Section, build_form
from relance.capabilities.links.forms.reading import carried_over, display_answers, form_values, read_answers, value_at
from relance.capabilities.links.forms.validation import check_schema, validate_answers

__all__ = [
    "Choice",
    "Field",
    "Section",
    "build_form",
    "carried_over",
    "check_schema",
    "display_answers",
    "form_values",
    "read_answers",
    "validate_answers",
    "value_at",
]
