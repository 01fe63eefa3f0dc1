"""The kinds of file that people outside may send: few, and each of them recognised by its content."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relance.core.i18n import Locale, Text


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file."""

    #: How a form's `x-accept` names it.
    code: str
    media_type: str
    #: In lower case, the first one is the usual one.
    extensions: tuple[str, ...]
    label: Text
    #: The part that makes an Office Open XML package of this kind; None for the others.
    main_part: str | None = None

    @property
    def packed(self) -> bool:
        """Whether it is an archive of parts."""
        return self.media_type.startswith("application/vnd.")


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

KINDS: Mapping[str, FileKind] = {
    kind.code: kind
    for kind in (
        FileKind("pdf", "application/pdf", (".pdf",), Text("PDF", "PDF")),
        FileKind("png", "image/png", (".png",), Text("PNG", "PNG")),
        FileKind("jpeg", "image/jpeg", (".jpg", ".jpeg"), Text("JPEG", "JPEG")),
        FileKind(
            "docx",
            f"{_OOXML}wordprocessingml.document",
            (".docx",),
            Text("Word (.docx)", "Word (.docx)"),
            "word/document.xml",
        ),
        FileKind(
            "xlsx",
            f"{_OOXML}spreadsheetml.sheet",
            (".xlsx",),
            Text("Excel (.xlsx)", "Excel (.xlsx)"),
            "xl/workbook.xml",
        ),
        FileKind(
            "pptx",
            f"{_OOXML}presentationml.presentation",
            (".pptx",),
            Text("PowerPoint (.pptx)", "PowerPoint (.pptx)"),
            "ppt/presentation.xml",
        ),
        FileKind("odt", f"{_ODF}text", (".odt",), Text("OpenDocument texte (.odt)", "OpenDocument text (.odt)")),
        FileKind(
            "ods",
            f"{_ODF}spreadsheet",
            (".ods",),
            Text("OpenDocument classeur (.ods)", "OpenDocument spreadsheet (.ods)"),
        ),
    )
}
_BY_EXTENSION = {extension: kind for kind in KINDS.values() for extension in kind.extensions}
_OR = Text("ou", "or")


def kind_of(name: str) -> FileKind | None:
    """The kind that the extension of `name` claims."""
    return _BY_EXTENSION.get("." + name.rpartition(".")[2].lower()) if "." in name else None


def kinds_in_words(codes: Iterable[str], locale: Locale | None = None) -> str:
    """“PDF, PNG ou JPEG”."""
    labels = [KINDS[code].label.in_locale(locale) for code in codes]
    return f" {_OR.in_locale(locale)} ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)


def size_in_words(size: int, locale: Locale | None = None) -> str:
    """“1,2 Mo”, “340 KB”: decimal units, as file managers show them."""
    unit = Text("o", "B").in_locale(locale)
    if size < 1000:
        return f"{size} {unit}"
    value, prefix = (size / 1000, "k") if size < 999_500 else (size / 1_000_000, "M")
    shown = f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:.0f}"
    return f"{shown.replace('.', ',') if Text('fr', 'en').in_locale(locale) == 'fr' else shown} {prefix}{unit}"
