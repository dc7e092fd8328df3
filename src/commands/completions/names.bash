
# Names that the engine knows, else the words above.
_redisctl_with_names() {
    local line="${COMP_LINE:0:COMP_POINT}" names
    if [[ "$2" != -* ]]; then
        names=$("${1/#\~/$HOME}" __complete --line "$line" 2>/dev/null)
        if [[ -n "$names" ]]; then
            mapfile -t COMPREPLY <<<"$names"
            return 0
        fi
    fi
    _redisctl "$@"
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _redisctl_with_names -o nosort -o bashdefault -o default redisctl
fi
