"""The counts as Prometheus reads them, under LiteLLM's names. Made when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from litellm_lite.proxy.metrics import BOUNDS, LABELS, Key, Metrics, Series, key_of

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_OF_REQUESTS = ("route", "requested_model", "model_group", "model_id", "status_code", "exception_class")
_OF_MODELS = ("requested_model", "model_group", "model", "model_id", "api_base", "api_provider")
_OF_DEPLOYMENTS = ("model_group", "litellm_model_name", "model_id", "api_provider")

_COUNTERS = {
    "litellm_proxy_total_requests_metric": ("requests", _OF_REQUESTS, "Requests to the gateway"),
    "litellm_requests_metric": ("requests", _OF_MODELS, "Requests that a model was called for"),
    "litellm_spend_metric": ("spend", _OF_MODELS, "US dollars, of answers whose price is known"),
    "litellm_unpriced_requests_metric": ("unpriced", _OF_MODELS, "Answers whose price is not known"),
    "litellm_input_tokens_metric": ("prompt_tokens", _OF_MODELS, "Tokens of prompts"),
    "litellm_output_tokens_metric": ("completion_tokens", _OF_MODELS, "Tokens of answers"),
}
_HISTOGRAMS = {
    "litellm_request_total_latency_metric": ("total", "Seconds from a request to the end of its answer"),
    "litellm_llm_api_latency_metric": ("api", "Seconds that the vendors took"),
    "litellm_llm_api_time_to_first_token_metric": ("first_token", "Seconds to the first token of a stream"),
    "litellm_overhead_latency_metric": ("overhead", "Seconds that the gateway added to an answer"),
    "litellm_deployment_latency_per_output_token": ("per_token", "Seconds for each token of an answer"),
}
_OUTCOMES = {
    "litellm_deployment_total_requests": ("total", "Attempts at a deployment"),
    "litellm_deployment_success_responses": ("success", "Attempts that were answered"),
    "litellm_deployment_failure_responses": ("failure", "Attempts that failed"),
    "litellm_deployment_successful_fallbacks": ("fallback_success", "Fallbacks that were answered"),
    "litellm_deployment_failed_fallbacks": ("fallback_failure", "Fallbacks that failed"),
    "litellm_deployment_cooled_down": ("cooldowns", "Times that a deployment was taken out of use for a while"),
}
_LEFT = {
    "litellm_remaining_requests_metric": ("remaining_requests", "Requests that the vendor said are left"),
    "litellm_remaining_tokens_metric": ("remaining_tokens", "Tokens that the vendor said are left"),
}
_FAILED = ("litellm_proxy_failed_requests_metric", "Requests that failed")
_TOKENS = ("litellm_total_tokens_metric", "Tokens of prompts and answers")
_STATE = (
    "litellm_deployment_state",
    "0 is healthy, 1 is being probed, 2 is resting after failures; as this worker sees it",
)
_FLYING = ("litellm_in_flight_requests", "Requests under way")
_STATES = {"ready": 0, "busy": 0, "probing": 1, "cooling": 2}


def exposition(metrics: Metrics, deployments: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the text for Prometheus; `deployments` are how each of them stands now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(metrics, list(deployments)))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, metrics: Metrics, deployments: Sequence[Mapping[str, Any]]) -> None:
        self._metrics, self._deployments = metrics, deployments

    def collect(self) -> Iterator[Metric]:
        series = self._metrics.series
        for name, (count, labels, text) in _COUNTERS.items():
            yield _counter(name, text, labels, _summed(series, labels, count))
        yield _failed(series)
        yield _total_tokens(series)
        for name, (histogram, text) in _HISTOGRAMS.items():
            yield _histogram(name, text, series, histogram)
        for name, (outcome, text) in _OUTCOMES.items():
            counts = {key: each.get(outcome, 0.0) for key, each in self._metrics.deployments.items()}
            yield _counter(name, text, _OF_DEPLOYMENTS, counts)
        for name, (left, text) in _LEFT.items():
            yield _gauge(name, text, {key: count for key, (count, _) in self._metrics.remaining[left].items()})
        yield _gauge(*_STATE, {key_of(each): _STATES[each["state"]] for each in self._deployments})
        flying = GaugeMetricFamily(*_FLYING)
        flying.add_metric((), self._metrics.in_flight)
        yield flying


class Described(NamedTuple):
    """A metric as the documentation has it."""

    name: str
    kind: str
    labels: Sequence[str]
    text: str


def described() -> Iterator[Described]:
    """Yield every metric there is."""
    for name, (_, labels, text) in _COUNTERS.items():
        yield Described(f"{name}_total", "counter", labels, text)
    yield Described(f"{_FAILED[0]}_total", "counter", _OF_REQUESTS, _FAILED[1])
    yield Described(f"{_TOKENS[0]}_total", "counter", _OF_MODELS, _TOKENS[1])
    for name, (_, text) in _HISTOGRAMS.items():
        yield Described(name, "histogram", _OF_MODELS, text)
    for name, (_, text) in _OUTCOMES.items():
        yield Described(f"{name}_total", "counter", _OF_DEPLOYMENTS, text)
    for name, (_, text) in _LEFT.items():
        yield Described(name, "gauge", _OF_DEPLOYMENTS, text)
    yield Described(_STATE[0], "gauge", _OF_DEPLOYMENTS, _STATE[1])
    yield Described(_FLYING[0], "gauge", (), _FLYING[1])


def _gauge(name: str, text: str, values: Mapping[Key, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=_OF_DEPLOYMENTS)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _counter(name: str, text: str, labels: Sequence[str], counts: Mapping[Key, float]) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, count in counts.items():
        family.add_metric(key, count)
    return family


def _places(labels: Sequence[str]) -> list[int]:
    return [LABELS.index(label) for label in labels]


def _summed(series: Mapping[Key, Series], labels: Sequence[str], count: str) -> dict[Key, float]:
    places, sums = _places(labels), dict[Key, float]()
    for key, each in series.items():
        part = tuple(key[place] for place in places)
        if labels is _OF_MODELS and not key[LABELS.index("model_id")]:
            continue
        sums[part] = sums.get(part, 0.0) + each.counts[count]
    return sums


def _failed(series: Mapping[Key, Series]) -> Metric:
    failed = {key: each for key, each in series.items() if key[LABELS.index("status_code")] >= "400"}
    counts = _summed(failed, _OF_REQUESTS, "requests")
    return _counter(*_FAILED, _OF_REQUESTS, counts)


def _total_tokens(series: Mapping[Key, Series]) -> Metric:
    prompt = _summed(series, _OF_MODELS, "prompt_tokens")
    completion = _summed(series, _OF_MODELS, "completion_tokens")
    both = {key: count + completion[key] for key, count in prompt.items()}
    return _counter(*_TOKENS, _OF_MODELS, both)


def _histogram(name: str, text: str, series: Mapping[Key, Series], histogram: str) -> Metric:
    family = HistogramMetricFamily(name, text, labels=_OF_MODELS)
    places, sums = _places(_OF_MODELS), dict[Key, list[float]]()
    for key, each in series.items():
        if (values := each.histograms.get(histogram)) is not None:
            part = tuple(key[place] for place in places)
            there = sums.setdefault(part, [0.0] * len(values))
            sums[part] = [mine + theirs for mine, theirs in zip(there, values, strict=True)]
    for key, values in sums.items():
        family.add_metric(key, _cumulative(values[:-1]), values[-1])
    return family


def _cumulative(counts: Sequence[float]) -> list[tuple[str, float]]:
    so_far, buckets = 0.0, []
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], counts, strict=True):
        so_far += count
        buckets.append((bound, so_far))
    return buckets
