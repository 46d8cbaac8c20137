"""The worker: takes leads from Redis, validates them, delivers them to the API, settles them."""
