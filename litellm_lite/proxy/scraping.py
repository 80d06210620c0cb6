"""GET /metrics, for Prometheus."""

from __future__ import annotations

from litellm_lite.proxy.visit import Told, Visit


async def metrics(visit: Visit) -> Told:
    """Answer with all counts."""
    from litellm_lite.proxy.exposition import CONTENT_TYPE, exposition

    deployments = visit.serving.router.get_deployments()
    return Told(exposition(visit.now.metrics(), deployments), CONTENT_TYPE.encode())
