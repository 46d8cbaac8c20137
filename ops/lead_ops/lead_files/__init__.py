"""Files of leads: JSON lines, a JSON array, CSV; read in a stream, a bad line stops no other."""
