"""The embedded Redis: a real server of this checkout's own, on a unix socket, durable."""

from .server import EmbeddedRedis

__all__ = ["EmbeddedRedis"]
