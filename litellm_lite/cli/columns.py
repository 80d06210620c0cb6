"""How tables and facts are shown: folded into the columns of a terminal, or as lines that `grep` and `cut` take.

A cell is a value: a number, a text, or None for what is not known. It is never cut short, and holds no line break.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from litellm_lite.cli.show import plain, say, visible

Cell = str | int | Decimal | None
Facts = Iterable[tuple[str, Cell]]

UNKNOWN = "?"

_GAP = "  "
_INDENT = "  "
# A column is not folded to less than this, however narrow the terminal.
_NARROWEST = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: a heading for each column, and rows of as many cells.

    `numbers` and `labels` are headings of columns that are never folded, set to the right and to the left; `most` is
    how wide others may be where not all fit. Where any row is `loud`, those rows stand out.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    most: Mapping[str, int] = field(default_factory=dict)
    loud: frozenset[int] = frozenset()


def on_terminal(console: Console) -> bool:
    """Tell whether a person looks on. A forced colour makes no terminal of a pipe."""
    return console.file.isatty()


def show_sheet(console: Console, sheet: Sheet, *, aligned: bool = False) -> None:
    """Print a table. Where nobody looks on, cells stand between tabs, or in columns of spaces if `aligned`."""
    seen = on_terminal(console)
    lines = [[_text(cell, grouped=seen) for cell in line] for line in (sheet.head, *sheet.rows)]
    if not (seen or aligned):
        say(console, "\n".join("\t".join(line) for line in lines))
        return
    widths = _widths(sheet, lines, console.width if seen else None)
    right = [heading in sheet.numbers for heading in sheet.head]
    head, *rows = ("\n".join(_laid_out(line, widths, right)) for line in lines)
    _print(console, head, "bold" if seen else "")
    for place, row in enumerate(rows) if sheet.loud else ():
        _print(console, row, "bold" if place in sheet.loud else "dim")
    if rows and not sheet.loud:
        say(console, "\n".join(rows))


def show_facts(console: Console, title: str, facts: Facts) -> None:
    """Print a heading and a line for each fact, the values below each other. No facts, no heading."""
    lines = [[_text(name), _text(value, grouped=True)] for name, value in facts]
    if not lines:
        return
    seen = on_terminal(console)
    third = {"name": console.width // 3}
    widths = _widths(Sheet(("name", "value"), (), most=third), lines, console.width - len(_INDENT) if seen else None)
    _print(console, title, "bold" if seen else "")
    say(console, "\n".join(_INDENT + part for line in lines for part in _laid_out(line, widths, (False, False))))


def _text(cell: Cell, *, grouped: bool = False) -> str:
    if cell is None:
        return UNKNOWN
    if isinstance(cell, int):
        return f"{cell:,}" if grouped else str(cell)
    return " ".join(visible(plain(cell) if isinstance(cell, Decimal) else cell).split())


def _widths(sheet: Sheet, lines: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """Return how wide each column is; where not all fit into the room, the widest are folded first."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rest = None if room is None else room - len(_GAP) * (len(widths) - 1)
    if rest is None or sum(widths) <= rest:
        return widths
    whole = sheet.numbers | sheet.labels
    folding = [place for place, heading in enumerate(sheet.head) if heading not in whole]
    for place in folding:
        widths[place] = min(widths[place], sheet.most.get(sheet.head[place], widths[place]))
    rest -= sum(width for place, width in enumerate(widths) if place not in folding)
    for count, place in enumerate(sorted(folding, key=widths.__getitem__)):
        share = rest // (len(folding) - count)
        widths[place] = min(widths[place], max(share, _NARROWEST))
        rest -= widths[place]
    return widths


def _laid_out(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    """Yield the lines of a row, each cell folded to the width of its column."""
    folded = [
        [cell] if len(cell) <= width else textwrap.wrap(cell, width) for cell, width in zip(cells, widths, strict=True)
    ]
    for parts in zip_longest(*folded, fillvalue=""):
        set_out = zip(parts, widths, right, strict=True)
        yield _GAP.join(f"{part:{'>' if to_right else '<'}{width}}" for part, width, to_right in set_out).rstrip()


def _print(console: Console, text: str, style: str) -> None:
    if style:
        console.print(Text(visible(text)), style=style, soft_wrap=True)
    else:
        say(console, text)
