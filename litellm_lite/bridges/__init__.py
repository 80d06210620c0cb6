"""Bridges over chat: other endpoints' requests as chat completions, and chat's answers in the words of those endpoints.

A bridge is pure: it does no I/O, reads no clock and draws no number; ids and times are arguments. It stands at the
edge, before routing and after the answer, and knows nothing of providers. Each offers the same few things:

- `to_chat(body, *, drop_params=False, left_out=None)` returns `(messages, params)`, for `completions` a list of such
  pairs, one a prompt. `model` and `stream` are not in `params`: the caller knows them. What neither OpenAI's endpoint
  nor the bridge has a meaning for goes through as it is, for it is the vendor's own, or an option of this library.
  What chat cannot carry faithfully raises UnsupportedParamsError, what is wrong as it stands BadRequestError; both
  name the parameter. With `drop_params` the parameters one may go without are left out instead. Whatever was left out
  is entered in `left_out`, a dictionary of the caller's, by name and with the reason.
- `answer(chat, asked, *, id, created)` returns the answer in the shape of the endpoint; `asked` is the request's body.
- a state machine of a stream: `feed(chunk)` returns what a chunk of chat becomes, a list that may be empty; `end()`
  what follows the last one; `fail(error)` what tells a client that the stream broke. After `end` or `fail` nothing
  comes any more. A stream that ends before every choice has said why it ended fails; it never ends well.
"""
