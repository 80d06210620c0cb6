"""The document as a page. It asks nobody for anything: no script, no font, no picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

JSON = Mapping[str, Any]

POLICY = b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 2rem 1rem; }
h2 { margin-top: 2.5rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; padding: .5rem .8rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); border-radius: 6px; overflow-x: auto; padding: .7rem; }
.method { display: inline-block; font-weight: bold; min-width: 4.5rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-top: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
"""


def page(document: JSON) -> str:
    """Return the page of an OpenAPI document. What stands in the document is text, never markup."""
    info = document["info"]
    title = escape(f"{info['title']} {info['version']}")
    body = "".join(_groups(document))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f"<h1>{title}</h1><p>{escape(info['description'])}</p>"
        f'<p>The same for machines: <a href="openapi.json">openapi.json</a>. A key is sent as '
        f"<code>Authorization: Bearer</code>, or as {_named(document)}.</p>{body}</body></html>"
    )


def _named(document: JSON) -> str:
    schemes = document["components"]["securitySchemes"].values()
    return ", ".join(f"<code>{escape(each['name'])}</code>" for each in schemes if "name" in each)


def _groups(document: JSON) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"<h2>{escape(tag['name'])}</h2>"
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation["tags"]:
                    yield _operation(method, path, operation)
    yield "<h2>Schemas</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>{_json(schema)}</details>'


def _operation(method: str, path: str, operation: JSON) -> str:
    head = f'<span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code>'
    text = escape(operation.get("description", ""))
    takes = operation.get("requestBody", {}).get("content", {})
    given = "".join(_given(status, each) for status, each in operation["responses"].items())
    key = "" if operation.get("security", True) else "<p>No key is asked for.</p>"
    return (
        f"<details><summary>{head} {escape(operation['summary'])}</summary><p>{text}</p>{key}"
        f"{_parameters(operation)}{'<p>Takes ' + _contents(takes) + '</p>' if takes else ''}"
        f"<table><tr><th>Status</th><th>Meaning</th><th>Body</th></tr>{given}</table></details>"
    )


def _parameters(operation: JSON) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}</td>"
        f"<td>{escape(each.get('description', ''))}</td></tr>"
        for each in operation["parameters"]
    )
    return f"<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>{rows}</table>" if rows else ""


def _given(status: str, response: JSON) -> str:
    description, contents = escape(response["description"]), _contents(response["content"])
    return f"<tr><td>{escape(status)}</td><td>{description}</td><td>{contents}</td></tr>"


def _contents(contents: JSON) -> str:
    return "; ".join(
        f"{_schema(each.get('schema', {}))} as <code>{escape(kind)}</code>" for kind, each in contents.items()
    )


def _schema(schema: JSON) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f'<a href="#{escape(name)}">{escape(name)}</a>' if name else "text"


def _json(schema: JSON) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=2))}</pre>"
