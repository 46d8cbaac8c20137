"""Files of dead letters: JSON lines or CSV, to be mended elsewhere and brought back."""
