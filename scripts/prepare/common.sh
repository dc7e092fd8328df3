# shellcheck shell=bash
# What every script here shares: strict mode, messages, root rights and paths. Sourced, never run.

set -euo pipefail

# Administrators' programs (dockerd, iptables) are not on everybody's path; cargo's are not either
# in a shell that has not read the profile since Rust was installed.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin"
export PATH

# Nothing here asks a question, so nothing may wait for an answer.
exec </dev/null

# The repository's root, whatever folder the caller is in.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034  # used by those that source this
prepare="$root/scripts/prepare"

# Progress goes to stderr, like redisctl's own.
say() {
    printf '%s\n' "$*" >&2
}

# fail MESSAGE [HINT]: says what went wrong and what to do next, and ends the script.
fail() {
    printf 'error: %s\n' "$1" >&2
    if (($# > 1)); then
        printf '\nhint: %s\n' "$2" >&2
    fi
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# as_root COMMAND…: runs a command with root's rights, by sudo where that takes no password.
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif have sudo && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        fail "root's rights are needed for \`$*\`" "run this again as root, or run that command yourself first"
    fi
}

# limited SECONDS COMMAND…: ends a command that hangs, where the system has a program for that.
limited() {
    if have timeout; then
        timeout "$@"
    else
        "${@:2}"
    fi
}

# Whether an engine answers; one that hangs is as good as none.
engine_answers() {
    have docker && limited 15 docker version >/dev/null 2>&1
}
