"""How many tokens a text or a chat is, without the network; every count says whether it is exact."""
