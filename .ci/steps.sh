# shellcheck shell=bash
# Runs steps, each with a heading, and prints a table at the end. A failed step does not stop the others: one run shows
# all failures. Scripts source this file.

steps_failed=()
steps_summary=()
steps_excerpts=()
steps_log=$(mktemp)

# step TITLE COMMAND…: runs a command under a heading, and notes its result and its time.
step() {
    local title=$1 start=$SECONDS outcome=passed
    shift
    printf '\n==> %s: %s\n' "$title" "$*"
    "$@" 2>&1 | tee "$steps_log" || outcome=failed
    if [[ $outcome == failed ]]; then
        steps_failed+=("$title")
        steps_excerpts+=("$(printf '==> from the output of %s:\n' "$title"; excerpt "$steps_log")")
    fi
    steps_summary+=("$(printf '%-8s %5d s  %s' "$outcome" $((SECONDS - start)) "$title")")
    printf '==> %s: %s after %d s\n' "$title" "$outcome" $((SECONDS - start))
}

# excerpt LOG: the errors of failed tests, otherwise the end of the output.
excerpt() {
    grep --text --after-context=8 ' panicked at ' "$1" | cut --characters=1-400 || tail --lines=20 "$1"
}

# Prints the errors of failed steps and the table, and ends the script with 1 if a step failed.
end_steps() {
    rm -f "$steps_log"
    printf '\n'
    ((${#steps_excerpts[@]} == 0)) || printf '%s\n\n' "${steps_excerpts[@]}"
    printf '%s\n' "${steps_summary[@]}"
    if ((${#steps_failed[@]})); then
        printf 'failed: %s\n' "$(IFS=,; printf '%s' "${steps_failed[*]}")"
        exit 1
    fi
}
