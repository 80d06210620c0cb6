"""The gateway. So far: its configuration, which `litellm-lite doctor` reads too. Needs the extra `proxy`."""
