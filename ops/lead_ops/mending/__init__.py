"""A dead letter is mended, by steps or by hand, and never into what the schema refuses."""
