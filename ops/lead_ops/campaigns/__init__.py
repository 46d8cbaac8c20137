"""What a campaign would do, and how it is named on the command line."""
