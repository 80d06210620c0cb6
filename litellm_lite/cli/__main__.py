"""`python -m litellm_lite.cli` is `litellm-lite`."""

from litellm_lite.cli import main

main()
