"""The exporter: the fleet's metrics for Prometheus, read from Redis at each scrape."""
