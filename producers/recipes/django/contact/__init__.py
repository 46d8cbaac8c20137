"""An app with data of its own, that hands over a lead for each contact."""
