"""The names of files as people give them, made fit to be shown, stored and offered for download."""

import re
import unicodedata

#: Characters of a name, its extension included.
LONGEST = 150
_PATHS = re.compile(r"[/\\]")
_RESERVED = re.compile(r'[<>:"|?*%]')
_BLANKS = re.compile(r"\s+")
_NAMELESS = "document"


def clean_name(given: str) -> str:
    """`given` without folders, control and direction characters, reserved signs and leading dots; never empty.

    The extension is kept where the name is too long.
    """
    last = _PATHS.split(unicodedata.normalize("NFC", given.encode("utf-8", "replace").decode()))[-1]
    # Cc and Cf hold NUL, line ends, and what turns the reading direction around: “gnp.exe” shown as “exe.png”.
    shown = "".join(char for char in last if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    plain = _BLANKS.sub(" ", _RESERVED.sub("_", shown)).strip(" .")
    stem, dot, extension = plain.rpartition(".")
    if not dot:
        return plain[:LONGEST] or _NAMELESS
    extension = extension[:20]
    return f"{stem[: LONGEST - len(extension) - 1].rstrip(' .') or _NAMELESS}.{extension}"
