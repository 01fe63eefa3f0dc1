"""Cells written by PostgreSQL: the same as `csv_files` writes them."""

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, DateTime, Select, String, case, func, literal

from relance.capabilities.transfers.cells import Column, RowT, Sheet
from relance.capabilities.transfers.csv_files import DANGEROUS
from relance.core.i18n import Locale

AnySelect = Select[*tuple[Any, ...]]

_INSTANTS: dict[Locale, str] = {"fr": "DD/MM/YYYY HH24:MI", "en": "YYYY-MM-DD HH24:MI"}
_DATES: dict[Locale, str] = {"fr": "DD/MM/YYYY", "en": "YYYY-MM-DD"}


def as_csv(statement: AnySelect, sheet: Sheet[RowT], locale: Locale, zone: ZoneInfo) -> AnySelect:
    """`statement`, its columns those of `sheet` as they stand in a file.

    Raises:
        LookupError: a column of the sheet is not stored, or not selected.
    """
    cells = [_cell(statement, column, locale, zone).label(column.key) for column in sheet.columns]
    return statement.with_only_columns(*cells, maintain_column_froms=True)


def _cell(statement: AnySelect, column: Column[RowT], locale: Locale, zone: ZoneInfo) -> ColumnElement[Any]:
    if column.source is None:
        raise LookupError(f"{column.key} is not stored")
    value = statement.selected_columns[column.source]
    if column.words is not None:
        return case({code: words.in_locale(locale) for code, words in column.words.items()}, value=value)
    if isinstance(value.type, DateTime):
        return func.to_char(func.timezone(zone.key, value), _INSTANTS[locale])
    if isinstance(value.type, Date):
        return func.to_char(value, _DATES[locale])
    if isinstance(value.type, String):
        # An apostrophe before what a spreadsheet would run; nothing, and not two quotes, for nothing.
        shown = case((func.left(value, 1).in_(DANGEROUS), literal("'").concat(value)), else_=value)
        return func.nullif(shown, "")
    return value
