"""The Router: many deployments under one name, and what happens when they fail."""

from litellm_lite.router.router import Router as Router
