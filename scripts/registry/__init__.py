"""Where model_prices.json comes from: a LiteLLM-format price file, genai-prices, and a hand-kept table."""
