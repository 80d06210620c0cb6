"""One request, as the Router sees it: what it needs, who may serve it, and who has been tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from litellm_lite.errors import APIError, ContextWindowExceededError, UnsupportedEndpoint, UnsupportedParamsError
from litellm_lite.router.preflight import Needs, Reason, needs_of, reason_against, tag_reason

if TYPE_CHECKING:
    from litellm_lite.router.groups import Group, Shelf
    from litellm_lite.router.standing import Standing

_BYTES_A_TOKEN = 4
_ALIKE = (
    ContextWindowExceededError,
    UnsupportedEndpoint,
    UnsupportedParamsError,
)  # what the model refuses, wherever it is served


class Ask:
    """The request on its way through the groups. A verdict is found once a shelf, for its deployments are alike."""

    __slots__ = (
        "_checked", "_match_any", "_tagged", "_verdicts", "excluded", "messages", "needs", "only_prefill", "params",
        "stream", "tags", "tokens", "tries",
    )  # fmt: skip

    def __init__(
        self,
        messages: Sequence[Any],
        params: Mapping[str, Any],
        *,
        stream: bool = False,
        tags: frozenset[str] = frozenset(),
        tagged: bool = False,
        match_any: bool = True,
        checked: bool = True,
        needs: Needs | None = None,
    ) -> None:
        """`tagged`: tags decide; `checked`: what a model cannot do decides; `needs`: those of a chat, if not given."""
        self.messages, self.params, self.stream, self.tags = messages, params, stream, tags
        self._tagged, self._match_any, self._checked = tagged, match_any, checked
        self.needs: Needs = needs_of(messages, params) if needs is None else needs
        self.excluded: set[Standing] = set()
        self.tries: dict[Standing, int] = {}
        self.only_prefill = False
        """Whether only those that continue a text will do."""
        self._verdicts: dict[Shelf, Reason | None] = {}
        self.tokens = self.needs.size_bytes // _BYTES_A_TOKEN + (self.needs.max_tokens or 0)
        """How many tokens a limit per minute is charged with, until the vendor has counted."""

    def accepts(self, standing: Standing) -> bool:
        """Whether that deployment may be called."""
        return standing not in self.excluded and self.verdict(standing.shelf)

    def verdict(self, shelf: Shelf) -> bool:
        """Whether the deployments of that shelf may be called."""
        try:
            reason = self._verdicts[shelf]
        except KeyError:
            reason = self._verdicts[shelf] = self._reason(shelf)
        return reason is None and not (self.only_prefill and shelf.sample.prefill is None)

    def reason(self, shelf: Shelf) -> Reason | None:
        """Return why the deployments of that shelf may not be called; None where they may."""
        self.verdict(shelf)
        return self._verdicts[shelf]

    def reasons(self, group: Group) -> list[tuple[Any, Reason]]:
        """Return the deployments of a group that may not be called, each with why."""
        told = ((standing, self.reason(standing.shelf)) for standing in group.standings)
        return [(standing.deployment, reason) for standing, reason in told if reason is not None]

    def refuse(self, standing: Standing, error: APIError) -> None:
        """Note that no request could be made for a deployment. What is alike is not asked again."""
        self.excluded.add(standing)
        if isinstance(error, _ALIKE):
            self._verdicts[standing.shelf] = Reason("refused", str(error))

    def raise_floor(self, window: int | None) -> None:
        """From now on only a window that is larger will do; than one that nobody knows, one that holds all there is."""
        needs = self.needs
        needs.floor = max(needs.size_bytes if window is None else window, needs.floor or 0)
        self._verdicts.clear()

    def trust(self, *, trusting: bool) -> None:
        """Whether a window nobody knows counts as larger: the caller named the group for prompts that are too long."""
        if self.needs.trusting != trusting:
            self.needs.trusting = trusting
            self._verdicts.clear()

    def _reason(self, shelf: Shelf) -> Reason | None:
        if self._tagged:
            tags_of_group = shelf.group.tags
            if (why := tag_reason(self.tags, shelf.sample.tags, tags_of_group, match_any=self._match_any)) is not None:
                return why
        if not self._checked and self.needs.floor is None and not self.needs.regions:
            return None
        return reason_against(self.needs, shelf.sample, self.messages, self.params)
