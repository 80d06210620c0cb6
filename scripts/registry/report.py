"""The report: what people should look at in the registry, as plain text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from scripts.registry.build import Built
from scripts.registry.fields import Rows


def report(built: Built, today: date) -> str:
    rows = built.rows
    conflicts = sum(len(row.get("conflicts", ())) for row in rows.values())
    sections = (
        (f"Rows: {len(rows)}", _counts(Counter(row["litellm_provider"] for row in rows.values()))),
        (f"Left out: {built.left_out.total()} rows of the file", _counts(built.left_out)),
        (f"Fields that the registry has not: {built.unknown_fields.total()}", _counts(built.unknown_fields)),
        (f"Compared with the second source: {built.compared} rows", ()),
        (f"Differences that no rule explains: {len(built.unexplained)}", built.unexplained),
        (f"Conflicts: {conflicts}", _conflicts(rows)),
        (f"Dubious: {len(built.dubious)}", built.dubious),
        _listed("Without a price", (key for key, row in rows.items() if not _has_price(row))),
        _listed("Retired in the last year", _retired(rows, today)),
    )
    return "\n".join("\n  ".join((title, *lines)) + "\n" for title, lines in sections)


def _conflicts(rows: Rows) -> Iterator[str]:
    by_reason: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, row in rows.items():
        for conflict in row.get("conflicts", ()):
            name = conflict["field"]
            line = f"  {key}: {name} is {_number(row.get(name))}, not {_number(conflict['value'])}"
            by_reason[conflict["source"], conflict["reason"]].append(line)
    for (source, reason), lines in sorted(by_reason.items()):
        yield f"{source}, {len(lines)} times: {reason}"
        yield from lines


def _retired(rows: Rows, today: date) -> Iterator[str]:
    for key, row in rows.items():
        if row.get("deprecation_date", "9") <= today.isoformat():
            yield f"{key} on {row['deprecation_date']}"


def _has_price(row: dict[str, object]) -> bool:
    return any("cost" in name for name in row)


def _listed(title: str, lines: Iterable[str]) -> tuple[str, list[str]]:
    listed = list(lines)
    return f"{title}: {len(listed)}", listed


def _counts(counter: Counter[str]) -> Iterator[str]:
    return (f"{count:5} {name}" for name, count in counter.most_common())


def _number(value: object) -> str:
    return "unknown" if value is None else str(value)
