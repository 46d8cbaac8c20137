"""What people use: the `leads` command, the sandbox API, the embedded Redis, the supervisor."""
