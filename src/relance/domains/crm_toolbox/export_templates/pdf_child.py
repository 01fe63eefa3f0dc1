"""The process that lays out pages: `python -m … <folder>` reads `job.json` there and leaves a PDF for each page.

It imports nothing of the product, and WeasyPrint only here.
"""

import contextlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

JOB = "job.json"
MOST_PAGES = 100
#: Exit codes.
UNAVAILABLE, TOO_COMPLEX = 3, 4
#: Bytes of address space, and of one file that is written.
_MEMORY = 2 * 1024**3
_LARGEST = 50 * 1024**2
_BASE = """
@page { size: A4; margin: 20mm 18mm }
html { font: 10pt/1.45 sans-serif; hyphens: auto }
img { max-width: 100% }
"""
_PICTURE = re.compile(r"picture:([0-9a-f-]{36})")


def main(folder: Path) -> int:
    """Lay out the pages of the job.

    Returns:
        The exit code.
    """
    job = json.loads((folder / JOB).read_text("utf-8"))
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except (ImportError, OSError):
        return UNAVAILABLE

    class Within(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
        """Fetches what is written into the address, and pictures of the job; nothing from anywhere else."""

        def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
            """The bytes behind `url`."""
            if found := _PICTURE.fullmatch(url):
                path = folder / found.group(1)
                return URLFetcherResponse(url, path.read_bytes())
            return super().fetch(url, headers)

    _bound(job["seconds"])
    fetcher = Within(allowed_protocols={"data"}, allow_redirects=False)
    styles = [weasyprint.CSS(string=css, url_fetcher=fetcher) for css in (_BASE, job["css"])]
    for number, page in enumerate(job["pages"]):
        document = weasyprint.HTML(string=page, url_fetcher=fetcher).render(stylesheets=styles)
        if len(document.pages) > MOST_PAGES:
            return TOO_COMPLEX
        document.write_pdf(folder / f"{number}.pdf")
    return 0


def _bound(seconds: int) -> None:
    """What the process may use from now on."""
    import resource

    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, _LARGEST),
    ):
        # Some systems know a limit by name only.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
