"""The table of `benchmarks/results.md` and the picture of it, `docs/img/benchmarks.svg`.

A bench that runs alone replaces its own rows: a row is known by its title.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.harness import LIMIT, OURS, ROOT, USUAL, Result

RESULTS = Path(__file__).with_name("results.md")
PICTURE = ROOT / "docs" / "img" / "benchmarks.svg"
_HEAD = "| per second, where nothing else is said | ours | limit | usual way | ratio | peak RSS | bar | held? |"
_RULE = "|---|---|---|---|---|---|---|---|"
_TITLE = "# Results of the last runs\n\nRatios are of one run; absolute numbers are of whatever machine ran it.\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, and what is said of it below."""

    cells: Sequence[str]
    note: str = ""

    @property
    def title(self) -> str:
        """What it is about."""
        return self.cells[0]

    @property
    def bars(self) -> list[tuple[str, float]]:
        """Each bar with its score."""
        words, scores = self.cells[6].split("; "), self.cells[7].replace("*", "").split("; ")
        return [(bar, float(score.split()[-1])) for bar, score in zip(words, scores, strict=True) if score != "–"]

    @property
    def text(self) -> str:
        """As a line of the file."""
        return f"| {' | '.join(self.cells)} |"


def row_of(result: Result) -> Row:
    """A result as a line."""
    ratios = [
        f"{ratio:.2f}{sign}" for role, sign in ((LIMIT, ""), (USUAL, " ×")) if (ratio := result.ratio(role)) is not None
    ]
    scores = [bar.score(result) for bar in result.bars]
    held = [("–" if one is None else f"yes {one:.2f}" if one >= 1 else f"**no** {one:.2f}") for one in scores]
    rates = [_number(result.rate(role)) for role in (OURS, LIMIT, USUAL)]
    peak = f"{result.peak / 2**20:,.0f} MB" if result.peak else "–"
    bars = "; ".join(bar.words for bar in result.bars) or "–"
    return Row([result.title, *rates, " · ".join(ratios) or "–", peak, bars, "; ".join(held) or "–"], result.note)


def _number(rate: float | None) -> str:
    if rate is None:
        return "–"
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}"


def write(results: Iterable[Result], *, fresh: bool = False) -> str:
    """Put `results` into the table and draw the picture.

    Args:
        results: what was measured.
        fresh: of everything that there is: nothing older stays.

    Returns:
        The lines of `results`, as a table.
    """
    rows = [row_of(result) for result in results]
    kept = {} if fresh or not RESULTS.exists() else {row.title: row for row in read(RESULTS.read_text("utf-8"))}
    kept |= {row.title: row for row in rows}
    notes = [f"- {row.title}: {row.note}" for row in kept.values() if row.note]
    lines = [_TITLE, _HEAD, _RULE, *(row.text for row in kept.values()), "", *notes, ""]
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(list(kept.values())), encoding="utf-8")
    return "\n".join(
        [_HEAD, _RULE, *(row.text for row in rows), *(f"{row.title}: {row.note}" for row in rows if row.note)]
    )


def read(text: str) -> list[Row]:
    """The lines of a table written before."""
    notes = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("- ") and ": " in line)
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line[:2] == "| "]
    return [Row(line, notes.get(line[0], "")) for line in cells[1:] if len(line) == len(_RULE.split("|")) - 2]


_WIDTH, _LEFT, _STEP, _TOP = 1000, 470, 22, 56
_LEAST, _MOST = 1 / 8, 16.0
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.q{fill:#59636e}.h{font-size:15px;font-weight:600}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.q{fill:#9198a1}}"
)


def picture(rows: Sequence[Row]) -> str:
    """Every bar on one scale, where 1 is the bar itself: what is left of the line is not reached."""
    bars = [(row.title if place == 0 else "", *bar) for row in rows for place, bar in enumerate(row.bars)]
    height = _TOP + _STEP * len(bars) + 24
    line = _at(1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="Each bar of the benchmarks, and how far above or below it the product is">',
        f"<style>{_STYLE}</style>",
        '<text class="h" x="12" y="24">What was measured, against its bar</text>',
        f'<text class="q" x="{line}" y="44" text-anchor="middle">the bar</text>',
    ]
    for place, (title, words, score) in enumerate(bars):
        y = _TOP + _STEP * place
        end = _at(score)
        colour = "#2da44e" if score >= 1 else "#cf222e"
        parts += [
            f'<text x="12" y="{y + 14}">{escape(title)}</text>',
            f'<rect x="{min(line, end)}" y="{y + 3}" width="{max(2, abs(end - line))}" height="14" fill="{colour}"/>',
            f'<text class="q" x="{max(line, end) + 6}" y="{y + 14}">{score:.2f} of “{escape(words)}”</text>',
        ]
    parts.append(f'<path d="M{line} {_TOP - 6}V{height - 18}" stroke="#59636e" stroke-dasharray="3 3"/>')
    return "\n".join([*parts, "</svg>", ""])


def _at(score: float) -> int:
    """Where a score stands: a logarithmic scale, cut at its ends."""
    share = math.log(min(max(score, _LEAST), _MOST) / _LEAST) / math.log(_MOST / _LEAST)
    return round(_LEFT + share * (_WIDTH - _LEFT - 230))
