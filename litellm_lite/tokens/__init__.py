"""How many tokens a text or a chat is, without the network; every count says whether it is exact.

`counting` asks `families` which vocabulary and which chat format a model has, `vocabularies` for the file (read once,
long texts cut by `slices`) or `estimate` for bounds, and adds up `chats`, `pictures` and `tools`.
"""
