"""What `leads up` is made of: it starts all of it, keeps it alive, and shows what arrives."""
