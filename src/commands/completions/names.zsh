# Names that the engine knows, else the words above.
_redisctl_with_names() {
    local -a names
    if [[ "${words[CURRENT]}" != -* ]]; then
        names=(${(f)"$(${(Q)words[1]/#\~/$HOME} __complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)"})
        if (( $#names )); then
            compadd -a names
            return
        fi
    fi
    _redisctl_words "$@"
}

functions[_redisctl_words]=$functions[_redisctl]
if [ "$funcstack[1]" = "_redisctl" ]; then
    functions[_redisctl]=$functions[_redisctl_with_names]
    _redisctl_with_names "$@"
else
    compdef _redisctl_with_names redisctl
fi
