"""What `himaya init nginx --edge` prints beside the rest: passes, the maps they need, and what is asked about."""

from __future__ import annotations

from himaya.config import Config
from himaya.core.errors import InputError
from himaya.gate.edge_maps import (
    cookie_twice,
    cookie_value,
    cookies,
    digest_of,
    fails,
    headers,
    ways,
)

#: What must stay in one place of memory for each pass and address: nginx keeps about 8,000 keys in a MiB.
_KEYS_IN_MIB = 4000


def edge_blocks(config: Config) -> dict[str, str]:
    """Return what stands in the places of the printed configuration, by name. Raises InputError without `[edge]`."""
    if not config.edge.surfaces:
        hint = 'name the surfaces that nginx may decide about, for example [edge] surfaces = ["profile"]'
        raise InputError(f"{config.file}: edge.surfaces is empty: {hint}")
    return {
        "made": " --edge himaya.toml",
        "asks": "asks himaya where it must",
        "down": _DOWN.format(directory=config.edge.directory),
        "logged": ',"edge":"$himaya_edge"',
        "maps": _maps(config),
        "buffer": " buffer=64k flush=1s",
        "rate": _RATE.format(burst=config.edge.burst),
        "cached": "    auth_request_set $himaya_cached $upstream_cache_status;\n",
        "free": "        if ($himaya_way = free) {\n            return 204;\n        }\n",
        "cache": _CACHE.format(seconds=config.edge.pass_s) + _single(config),
        "fail": _FAIL,
        "single": _single(config),
    }


def _maps(config: Config) -> str:
    edge, mib = config.edge, 1 + config.edge.passes // _KEYS_IN_MIB
    return "\n".join(
        [
            _ABOUT,
            _map('"$request_method $request_uri"', "way", [*ways(config), ("default", "asked")]),
            "# What a surface does while the gate is away: its `fail`.",
            _map("$request_uri", "fail", fails(config)),
            *_key(config),
            _ASKS.format(digest=digest_of(config)),
            _STORE.format(
                directory=edge.directory,
                mib=mib,
                room_k=4 * edge.passes,
                per_minute=edge.per_minute,
                gone_s=2 * edge.pass_s,
            ),
        ]
    )


def _map(source: str, name: str, pairs: list[tuple[str, str]]) -> str:
    lines = "".join(
        f'    "{key}" "{value}";\n' if key != "default" else f"    default {value};\n"
        for key, value in pairs
    )
    return f"map {source} $himaya_{name} {{\n{lines}}}\n"


def _key(config: Config) -> list[str]:
    """Return the maps that make the key of a pass: the address, and all by which a visitor says who it is."""
    names = cookies(config)
    fields = [f"$http_{name.lower().replace('-', '_')}" for name in headers(config)]
    told = [*(f"$himaya_cookie{number}" for number, _ in enumerate(names)), *fields]
    whole = "|".join(["$remote_addr", *told, "$http_user_agent"])
    twice = [(pattern, "twice") for pattern in cookie_twice(names)]
    return [
        _KEY,
        *(
            _map("$http_cookie", f"cookie{number}", [cookie_value(name, number)])
            for number, name in enumerate(names)
        ),
        _map("$http_cookie", "twice", twice),
        _map(f'"{"".join(told)}"', "odd", [(r"~[^\x20-\x7b\x7d\x7e]", "odd")]),
        _map('""', "key", [("default", f'"[{whole}]"')]),
    ]


def _single(config: Config) -> str:
    """Return the lines that pass on one value of each field which is part of the key, so that all read the same."""
    return "".join(
        f"        proxy_set_header {name} $http_{name.lower().replace('-', '_')};\n"
        for name in headers(config)
    )


_DOWN = """\
# The gate gives nginx passes: for some seconds nginx lets an actor through to the surfaces of [edge] without asking.
# Print this file again when himaya.toml changes; with an older one nobody gets a pass, and nginx asks about every page.
#
# nginx and the gate (a process of nginx's group) both write into the directory of the passes. Let it lie in memory, and
# make it before nginx starts; in /etc/tmpfiles.d/himaya-edge.conf, then `systemd-tmpfiles --create`:
#                                      d {directory} 2770 www-data www-data
#
# himaya stopped, slow or broken: each surface does what its `fail` says. The log then says "gate":"down", which
# `himaya follow` records as an unobserved period."""

_ABOUT = """
# Which way a request goes: "free" shows nobody, so there is nothing to ask; "pass" is asked about unless there is a
# pass; "asked" always is. What could be read as another path than it looks like is asked about."""

_KEY = """\
# Whose pass it is. Visitors who differ in any of this need a pass of their own. If anything else tells your accounts
# apart (a client certificate, say), add its variable to $himaya_key."""

_ASKS = """\
# Asked although there may be a pass: other ways, odd cookies, more requests than [edge] allows on passes.
map "$himaya_twice$himaya_odd:$himaya_way:$limit_req_status" $himaya_asks {{
    default 1;
    "~^:pass:(?:PASSED)?$" "";
}}

map $himaya_asks $himaya_pass {{
    ""      "{digest} $himaya_key";
    default "";
}}

map "$himaya_way:$himaya_cached" $himaya_edge {{
    default asked;
    "~^free:" free;
    "~:HIT$" pass;
}}

map $himaya_way $himaya_counted {{
    pass    $binary_remote_addr;
    default "";
}}
"""

_STORE = """\
proxy_cache_path {directory} keys_zone=himaya_passes:{mib}m inactive={gone_s}s max_size={room_k}k use_temp_path=off;
limit_req_zone $himaya_counted zone=himaya_rate:10m rate={per_minute}r/m;
"""

_RATE = """\
    # One address makes so many requests on passes; it is asked about beyond that, and never refused for it ("dry run").
    limit_req zone=himaya_rate burst={burst} nodelay;
    limit_req_dry_run on;
    limit_req_log_level info;

"""

_CACHE = """\
        # Passes. The gate says for how long, and withdraws one by removing its file: open files are looked at again
        # every second.
        proxy_cache himaya_passes;
        proxy_cache_key $himaya_key;
        proxy_cache_bypass $himaya_asks;
        proxy_no_cache $himaya_asks;
        proxy_set_header X-Himaya-Pass $himaya_pass;
        open_file_cache max=10000 inactive={seconds}s;
        open_file_cache_valid 1s;
"""

_FAIL = """\
        if ($himaya_fail = closed) {
            return 403;
        }
        return 204;"""
