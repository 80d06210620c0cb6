"""Before a request is sent: what it needs of a model, and why a deployment cannot serve it. Pure.

Only what is certain is said. What nobody knows is let through, and so is what is malformed: `prepare` refuses that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from litellm_lite import images
from litellm_lite.context import judge
from litellm_lite.errors import APIError, BadRequestError, ContextWindowExceededError
from litellm_lite.router.needs import THE_REQUEST, Needs, PromptCounts, Want, needs_of

if TYPE_CHECKING:
    from litellm_lite.registry import ModelInfo
    from litellm_lite.router.deployment import Deployment

__all__ = ["Kind", "Needs", "Reason", "needs_of", "no_candidate", "reason_against", "tag_reason", "tags_accept"]

Kind = Literal["window", "images", "audio", "video", "files", "tools", "schema", "region", "tags", "refused"]


class Reason(NamedTuple):
    """Why a deployment cannot serve a request: of which kind, and in words that follow its name."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return self.text


class _Rule(NamedTuple):
    """What the registry says of a want: `flag` is False, or `modality` is missing among those that are known.

    `param` asks for it, where a parameter does.
    """

    kind: Kind
    text: str
    flag: str
    modality: str = ""
    param: str = ""


_RULES: Mapping[Want, _Rule] = {
    "images": _Rule("images", "takes no images", "supports_vision", "image"),
    "audio": _Rule("audio", "takes no audio", "supports_audio_input", "audio"),
    "video": _Rule("video", "takes no videos", "supports_video_input", "video"),
    "pdf": _Rule("files", "takes no PDF files", "supports_pdf_input"),
    "tools": _Rule("tools", "calls no tools", "supports_function_calling", param="tools"),
    "tool_choice": _Rule("tools", "cannot be told which tool to call", "supports_tool_choice", param="tool_choice"),
    "json_schema": _Rule(
        "schema", "cannot be held to a JSON schema", "supports_response_schema", param="response_format"
    ),
}

# Which parameter an error of one kind is about.
_PARAM: Mapping[Kind, str] = {
    **dict.fromkeys(("window", "images", "audio", "video", "files"), "messages"),
    "tools": "tools",
    "schema": "response_format",
    "region": "allowed_model_region",
    "tags": "tags",
}

_DEFAULT_TAG = "default"
_MOST_LINES = 20
_MOST_IDS = 3


def reason_against(needs: Needs, deployment: Deployment, messages: Any, params: Mapping[str, Any]) -> Reason | None:
    """Return why a deployment cannot serve a request for certain; None where it may."""
    if needs.regions and (reason := _against_region(needs.regions, deployment.region)) is not None:
        return reason
    row = deployment.row
    if row is None:
        return _not_larger(needs, None)
    for want in needs.wants:
        if (reason := _against_want(want, needs, row)) and not _is_spared(_RULES[want].param, deployment, params):
            return reason
    if needs.floor is not None and (reason := _not_larger(needs, row)) is not None:
        return reason
    return _against_window(needs, deployment, row, (messages, params))


def tags_accept(request_tags: frozenset[str], deployment_tags: frozenset[str], *, match_any: bool) -> bool:
    """Tell whether a tagged request is a deployment's: it has one of the tags, or all of them."""
    return not request_tags.isdisjoint(deployment_tags) if match_any else request_tags <= deployment_tags


def tag_reason(
    request_tags: frozenset[str],
    deployment_tags: frozenset[str],
    group_tags: Collection[frozenset[str]],
    *,
    match_any: bool = True,
) -> Reason | None:
    """Return why a request is not a deployment's, by their tags; None where it is. `group_tags` are those of the group.

    As in LiteLLM: who is tagged `default` serves the requests that have no tags or that match nobody in the group.
    Without such a one, untagged requests are everybody's, and those that match nobody are nobody's.
    """
    if request_tags and any(tags_accept(request_tags, tags, match_any=match_any) for tags in group_tags):
        if tags_accept(request_tags, deployment_tags, match_any=match_any):
            return None
    elif _DEFAULT_TAG in deployment_tags:
        return None
    elif not request_tags:
        if not any(_DEFAULT_TAG in tags for tags in group_tags):
            return None
        return Reason("tags", f"requests without tags go to deployments tagged {_DEFAULT_TAG!r}")
    its = _quoted(deployment_tags) if deployment_tags else "none"
    asked = _quoted(request_tags, " or " if match_any else " and ")
    return Reason("tags", f"its tags are {its}, and the request asks for {asked}")


def no_candidate(reasons: Sequence[tuple[Deployment, Reason]], group: str) -> APIError:
    """Return the one error of a group that cannot serve a request: every candidate, and why.

    `candidates` on it are (id, model, reason). Of deployments that are alike it tells once, and of at most 20.
    """
    kinds = {reason.kind for _, reason in reasons}
    alike: dict[tuple[str, str], list[str]] = {}
    for deployment, reason in reasons:
        alike.setdefault((deployment.model, reason.text), []).append(deployment.id)
    lines = [f"{model} ({_named(ids)}) {text}" for (model, text), ids in alike.items()]
    if (more := sum(len(ids) for ids in list(alike.values())[_MOST_LINES:])) > 0:
        lines[_MOST_LINES:] = [f"and {more} more"]
    make = ContextWindowExceededError if kinds == {"window"} else BadRequestError
    param = _PARAM.get(next(iter(kinds))) if len(kinds) == 1 else None
    told = "\n- ".join(("nothing was sent, for no deployment can serve the request:", *lines))
    error = make(f"{group!r}: {told}", model=group, param=param)
    error.candidates = tuple((deployment.id, deployment.model, reason.text) for deployment, reason in reasons)
    return error


def _against_region(wanted: tuple[str, ...], region: str | None) -> Reason | None:
    """A promise about a place is not kept by one that nobody knows. `eu` holds `eu-west-1`."""
    allowed = f"the request is allowed in {_quoted(wanted)} only"
    if region is None:
        return Reason("region", f"has no known region, and {allowed}; set its litellm_params.region_name")
    lowered = region.lower()
    if any(lowered == name or lowered.startswith(f"{name}-") for name in wanted):
        return None
    return Reason("region", f"is in {region!r}, and {allowed}")


def _against_want(want: Want, needs: Needs, row: ModelInfo) -> Reason | None:
    rule = _RULES[want]
    supported = row.supports(rule.flag)
    if supported is None and rule.modality and (known := row.input_modalities):
        supported = rule.modality in known
    if supported is False:
        return Reason(rule.kind, rule.text)
    return _against_images(needs, row) if want == "images" else None


def _against_images(needs: Needs, row: ModelInfo) -> Reason | None:
    """Hold the images against the rules of the model. Those that are elsewhere only count."""
    rules = row.image_rules
    if rules is None:
        return None
    if needs.images > rules["max_images"]:
        return Reason("images", f"takes {rules['max_images']} images a request, not {needs.images}")
    for url in needs.inline:
        if (size := _decoded_bytes(url)) > rules["max_bytes"]:
            return Reason("images", f"takes images of up to {rules['max_bytes']:,} bytes, not of {size:,}")
        if (kind := _image_format(url, rules["formats"])) not in rules["formats"]:
            return Reason("images", f"takes {', '.join(rules['formats'])} as images, not {kind}")
    return None


def _decoded_bytes(url: str) -> int:
    payload = url[url.find(",") + 1 :]
    return len(payload.rstrip("=")) * 3 // 4


def _image_format(url: str, allowed: Collection[str]) -> str:
    """Return the format of an image as its URL says, or as its bytes do where that would not be allowed."""
    kind = url[5:64].partition(",")[0].partition(";")[0].lower().removeprefix("image/")
    if kind in allowed:
        return kind
    try:
        return images.sniff(images.parse_data_url(url)[1]).media_type.removeprefix("image/")
    except ValueError:  # no image: `prepare` or the vendor says so better
        return next(iter(allowed), kind)


def _is_spared(param: str, deployment: Deployment, params: Mapping[str, Any]) -> bool:
    """Tell whether a parameter will not be sent, or is sent because somebody said so."""
    for option in ("additional_drop_params", "allowed_openai_params"):
        names = params.get(option, deployment.params.get(option))
        if param and isinstance(names, list | tuple | set | frozenset) and param in names:
            return True
    return False


def _not_larger(needs: Needs, row: ModelInfo | None) -> Reason | None:
    """Once a prompt was too long somewhere, only a larger window will do."""
    if needs.floor is None:
        return None
    window = row.max_input_tokens if row is not None else None
    before = f"the prompt was too long for {needs.floor:,}" if needs.floor else "the prompt was too long elsewhere"
    if window is None:
        return None if needs.trusting else Reason("window", f"has no known window, and {before}")
    return Reason("window", f"takes {window:,} tokens, and {before}") if window <= needs.floor else None


def _against_window(
    needs: Needs, deployment: Deployment, row: ModelInfo, request: tuple[Any, Mapping[str, Any]]
) -> Reason | None:
    """Hold the prompt and the length of the answer against the model; costs nothing where both may well fit."""
    window, longest, asked = row.limit("max_input_tokens"), row.limit("max_output_tokens"), needs.max_tokens
    too_much = asked is not None and longest is not None and asked > longest
    if not too_much and (window is None or needs.size_bytes <= window):  # no token is shorter than a byte
        return None
    messages, params = request
    given = {**deployment.params, **params}
    extra = given.get("extra_body")
    if given.get("check_context") is False or (
        isinstance(extra, Mapping) and any(map(extra.__contains__, THE_REQUEST))
    ):
        return None
    if needs.counts is None:
        needs.counts = PromptCounts(messages)
    prompt = needs.counts.prompt(deployment.provider, deployment.model, window)
    if prompt is None:
        return None
    fit = judge(prompt, row, "", None if _is_spared("max_tokens", deployment, params) else asked)
    if fit.verdict != "does not fit":
        return None
    return Reason("window", f"cannot take it{fit.why}; check_context=False sends it all the same")


def _quoted(names: Iterable[str], joint: str = ", ") -> str:
    return joint.join(map(repr, sorted(names)))


def _named(ids: Sequence[str]) -> str:
    if len(ids) == 1:
        return repr(ids[0])
    more = ", …" if len(ids) > _MOST_IDS else ""
    return f"{len(ids)} deployments: {', '.join(map(repr, ids[:_MOST_IDS]))}{more}"
