"""The only I/O: requests go out and bytes come back, over one of three engines, in both colours.

`exchange` offers `send`/`asend` (a whole answer) and `open_stream`/`aopen_stream` (its bytes as they come).
"""
