"""`himaya calibrate`: thresholds from accounts later proven honest, with a receipt.

proven     the accounts of a file, and how and when each was proven
statistic  what is calibrated: a value of an actor, and the keys of the policy that bound it
cohorts    whom a threshold speaks of: only what the site itself knows
gauge      the replay: the highest value of each proven account, per cohort and day
split      which accounts set thresholds, and which measure the rate
threshold  one statistic of one cohort: threshold, realised rate, drift
keys       the values for the policy, and what the present ones do
outcome    all of it together: the receipt
past       the traffic: logs or the ledger; and accounts that stand in a case
write      a configuration with the values in it
"""
