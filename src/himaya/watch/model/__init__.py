"""The learned model of a site: labels, the days of actors from the past, training, judging, drift."""
