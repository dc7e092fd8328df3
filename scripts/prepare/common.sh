# shellcheck shell=bash
# The common part of all scripts: strict mode, messages, root rights and paths. Scripts source this file.

set -euo pipefail

# The PATH of a user may lack system programs (dockerd, iptables). A shell that is older than the installation of Rust
# lacks cargo.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin"
export PATH

# No program here may wait for input.
exec </dev/null

# The root of the repository.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034  # used by the scripts that source this file
prepare="$root/scripts/prepare"

# Prints progress to stderr, as redisctl does.
say() {
    printf '%s\n' "$*" >&2
}

# fail MESSAGE [HINT]: prints the error and the hint, and ends the script.
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

# as_root COMMAND…: runs a command as root, through sudo if sudo needs no password.
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif have sudo && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        fail "root is needed for \`$*\`" "run this script as root, or run the command yourself first"
    fi
}

# limited SECONDS COMMAND…: ends a command that hangs, if the system has `timeout`.
limited() {
    if have timeout; then
        timeout "$@"
    else
        "${@:2}"
    fi
}

# Whether an engine answers in time.
engine_answers() {
    have docker && limited 15 docker version >/dev/null 2>&1
}
