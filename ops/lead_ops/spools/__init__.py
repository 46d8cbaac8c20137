"""The spool of a backend app as an operator meets it: a file to look into, and to send on."""
