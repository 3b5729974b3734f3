"""The defences of the live bench, as real processes on free ports of 127.0.0.1, each in a directory of its own.

front       what every one offers
nginx       nginx before the site: plain, with `limit_req`, or with a deny file that others write
haproxy     HAProxy with stick tables
fail2ban    fail2ban reading the log of an nginx
crowdsec    CrowdSec reading the log of an nginx, its bouncer writing the deny file
gate        himaya's own gate, and what its ledger says afterwards
every       all of them, with the settings that `himaya bench` models
"""
