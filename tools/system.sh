#!/usr/bin/env bash
# Sees that the Debian packages a make target needs are there.
#
#   tools/system.sh TARGET           installs what is missing, when it may; else lists it and ends with 1
#   tools/system.sh --check TARGET   only lists what is missing; ends with 1 when something is
#   tools/system.sh --install PACKAGE...   installs (as root), and leaves no service running or enabled
#
# It may install when it runs as root, or with SYSTEM=1, then through sudo. Nobody's machine is changed otherwise.
# The list is tools/system_packages.txt.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
list=${SYSTEM_PACKAGES:-$here/system_packages.txt}
policy=${SYSTEM_POLICY:-/usr/sbin/policy-rc.d}
etc=${SYSTEM_ETC:-/etc}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # servers live here, and a plain login does not look there

rows() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$list"; }

is_there() { # $1: how it is found
    case $1 in
        python:*) "${PYTHON:-$("$here/find_python.sh")}" -c "import ${1#python:}" >/dev/null 2>&1 ;;
        # All of it is read: grep -q would end early, and pipefail take that for a failure.
        lib:*) ldconfig -p 2>/dev/null | grep -F "${1#lib:} " >/dev/null ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing() { # $1: the target
    local package probe target _
    while read -r package probe target _; do
        if [ "$target" = "$1" ] && ! is_there "$probe"; then echo "$package"; fi
    done < <(rows)
}

service_of() { # $1: the package
    rows | awk -v package="$1" '$1 == package && $4 != "-" { print $4 }'
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$@" </dev/null
}

# Debian starts a service as soon as its package is there. policy-rc.d is the documented way to say no.
keep_services_down() {
    [ -e "$policy" ] && return
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
}

# crowdsec registers with its maker's servers while it is installed, unless this file says something: no
# installation of ours calls anybody, and without a network it would fail.
keep_crowdsec_alone() { # the packages
    case " $* " in *" crowdsec "*) ;; *) return ;; esac
    [ -s "$etc/crowdsec/online_api_credentials.yaml" ] && return
    mkdir -p "$etc/crowdsec"
    echo '# not registered' >"$etc/crowdsec/online_api_credentials.yaml"
}

disable() { # $1: the service
    case $1 in
        *.service) if command -v systemctl >/dev/null; then systemctl --quiet disable "$1"; fi ;;
        *) update-rc.d "$1" disable ;;
    esac
}

install() {
    local package service
    keep_services_down
    keep_crowdsec_alone "$@"
    apt update
    apt install --yes --no-install-recommends "$@" >/dev/null
    for package in "$@"; do
        service=$(service_of "$package")
        if [ -n "$service" ]; then disable "$service"; fi
    done
}

explain() { # $1: the target; the rest: packages
    local target=$1
    shift
    {
        echo "make $target needs these Debian packages, and they are missing: $*"
        echo "This command installs them:"
        echo "    sudo sh -c 'apt-get update && apt-get install --yes --no-install-recommends $*'"
    } >&2
}

main() {
    local check=0 target packages
    if [ "$1" = --install ]; then
        shift
        install "$@"
        return
    fi
    if [ "$1" = --check ]; then
        check=1
        shift
    fi
    target=$1
    mapfile -t packages < <(missing "$target")
    if [ ${#packages[@]} -eq 0 ]; then return; fi

    if [ "$check" = 1 ] || ! command -v apt-get >/dev/null; then
        explain "$target" "${packages[@]}"
        return 1
    elif [ "$(id -u)" = 0 ]; then
        echo "make $target: installing ${packages[*]}" >&2
        "$0" --install "${packages[@]}"
    elif [ "${SYSTEM:-}" = 1 ] && ! command -v sudo >/dev/null; then
        echo "make $target: SYSTEM=1 installs through sudo, which is not here; run make $target as root once" >&2
        return 1
    elif [ "${SYSTEM:-}" = 1 ]; then
        echo "make $target: installing ${packages[*]} through sudo" >&2
        sudo "$0" --install "${packages[@]}"
    else
        explain "$target" "${packages[@]}"
        return 1
    fi
}

if [ $# -eq 0 ]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
main "$@"
