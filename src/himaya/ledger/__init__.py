"""The ledger: exactly which fields of which person went to which actor, and what it cannot speak for.

Read in this order:

    schema      the row: columns, types, bounds
    batch       disclosures become rows
    segment     rows become durable: the write-ahead file
    chain       everything done to the ledger, each entry hash-chained; `entries` are its words, `state` its sum
    sealing     segments become Parquet files by day
    identities  surrogate to sealed identity; `keys` seal and find
    lock        a slot for each writer, and one lock for whoever seals
    writer      `Ledger`: a writer; `own` are its segments, `live` everybody's, `recovery` what a killed one left
    migration   a ledger is made, or one of an older format brought forward
    reader      `Reader`: the answers; `queries` are its questions as Ibis expressions, `answers` what comes back
    forecasts   may a policy be enforced: what was forecast, or who took it upon them; `versions` were in force when
    retention   rows end after their time; `holds` keep what an open matter (`matters`: a case) needs; `compact` is what
                stays of rows that ended
    erasure     forgets a person, `renumber` the rest of it; `erasures` lists what waits; `exports` are files outside
    manifest    entries that take rows away are signed
    attachments found files that are kept for a while, encrypted
    engines     who answers: DuckDB, or Spark; `publish` copies sealed files to `storage` elsewhere
    verify      nothing was changed, nothing is missing
"""

from himaya.ledger.writer import Ledger

__all__ = ["Ledger"]
