"""Writes model_prices.json from its sources: a price file in LiteLLM's format, genai-prices, and what is kept by hand.

    python scripts/build_registry.py PRICES.json --source "LiteLLM 1.109.1" [--check | --report]
    python scripts/build_registry.py --pin

The work is done in scripts/registry/; docs/registry.md tells how to correct a row.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from scripts.registry.command import main

    sys.exit(main(sys.argv[1:]))
