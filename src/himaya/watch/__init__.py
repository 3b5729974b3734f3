"""Watch: read access logs and live logs, and see who collects people.

The words, in the order the data passes them:

`source`     a log file, plain or packed, or standard input, read in chunks of whole lines
`format`     how a line is written: an nginx `log_format`, an Apache `LogFormat`, JSON with a field map
`entry`      one parsed line; a line that cannot be parsed is malformed, counted and shown
`surfaces`   routes that show people, guessed from the log when no configuration names them
`feed`       entries on surfaces, as exchanges, in the order of the log's own clock
`tally`      what the engine's effects add up to: people, disclosures, actors, findings
`result`     everything a scan found, for the terminal, JSON and the report
`follow`     the same live: tail through rotation, with a bookmark that survives kill -9
"""
