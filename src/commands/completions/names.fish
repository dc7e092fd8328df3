
# Names that the engine knows; files only where there are none.
function __redisctl_names
    set -l words (commandline -opc) (commandline -ct)
    command $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c redisctl -f -n 'count (__redisctl_names) >/dev/null' -a '(__redisctl_names)'
