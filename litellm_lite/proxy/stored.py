"""Responses that were made over a bridge, kept so that they can be fetched, continued and deleted.

They stand in a SQLite file that all workers of one machine share; who is alone has a temporary file of its own. What is
oldest makes room for what is new.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import orjson

JSON = dict[str, Any]

_MOST_BYTES = 512 << 20
_LOOK_AT = 64  # how often it is looked at whether there is room: adding up all sizes takes time
_TABLE = """
create table if not exists responses (
    number integer primary key autoincrement, id text unique not null, size integer not null,
    response blob not null, conversation blob not null
)
"""
# A crash of the machine may lose the last ones; a crash of the process does not.
_SETTINGS = ("pragma journal_mode=wal", "pragma synchronous=normal", "pragma busy_timeout=5000")


class Stored(NamedTuple):
    """A response, and the conversation that it ended, which another response may continue."""

    response: JSON
    conversation: list[JSON]


class Store:
    """The responses that are kept. `path` is the file, `most_bytes` how large they may grow together."""

    def __init__(self, path: str | Path | None = None, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes, self._puts = most_bytes, 0
        self._database = sqlite3.connect(path or "", isolation_level=None, check_same_thread=False)
        for statement in (*_SETTINGS, _TABLE):
            self._database.execute(statement)

    def put(self, stored: Stored) -> None:
        """Keep a response under its id, in the place of one that has it."""
        response, conversation = orjson.dumps(stored.response), orjson.dumps(stored.conversation)
        size = len(response) + len(conversation)
        row = (stored.response["id"], size, response, conversation)
        self._database.execute(
            "insert or replace into responses (id, size, response, conversation) values (?, ?, ?, ?)", row
        )
        self._puts += 1
        if self._puts % _LOOK_AT == 0:
            self._make_room()

    def get(self, id: str) -> Stored | None:
        """Return the response of that id; None where there is none."""
        row = self._database.execute("select response, conversation from responses where id = ?", (id,)).fetchone()
        return None if row is None else Stored(orjson.loads(row[0]), orjson.loads(row[1]))

    def delete(self, id: str) -> bool:
        """Forget a response; False where there is none of that id."""
        return self._database.execute("delete from responses where id = ?", (id,)).rowcount > 0

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _make_room(self) -> None:
        (size,) = self._database.execute("select coalesce(sum(size), 0) from responses").fetchone()
        while size > self._most_bytes:
            row = self._database.execute("select number, size from responses order by number limit 1").fetchone()
            if row is None:
                return
            self._database.execute("delete from responses where number = ?", (row[0],))
            size -= row[1]
