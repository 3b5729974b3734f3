"""The live bench: real HTTP on this machine, real collecting tools, real defences, real processes.

Words in the order of reading:

    loopback    the one rule of this room: nothing is asked of any other machine
    marks       what makes a person countable in the bytes on a disk
    http, site, serve   the world as a web server, a process of its own
    client, crowd       a small HTTP client, and the honest people who use it
    children    starting, awaiting and ending processes
    collect, chromium   scripts that tools are driven by; they run in an interpreter of their own
    tools       which tools this machine has, and how one is set to work
    fronts      the defences: nothing, himaya, nginx, HAProxy, fail2ban, CrowdSec
    rows, run   the words of the result, and one whole run

`docs/bench_live.md` says what is measured and what is not.
"""
