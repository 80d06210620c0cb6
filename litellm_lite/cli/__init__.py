"""The command line, `litellm-lite`. It needs Typer and Rich, which come with the extra `proxy`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or say what to install for it."""
    try:
        from litellm_lite.cli.app import app
    except ModuleNotFoundError as error:
        if error.name != "typer":
            raise
        sys.exit("litellm-lite: the command line needs Typer and Rich; pip install 'litellm-lite[proxy]'")
    app()
