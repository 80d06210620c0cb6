"""Other APIs carried over chat completions: what was asked becomes a chat, and the chat's answer what was asked for."""
