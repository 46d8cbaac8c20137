"""What a person sees of leads, groups, campaigns and the fleet: words and columns."""
