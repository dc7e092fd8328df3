# shellcheck shell=bash
# Steps with a heading each, all of them run even after one has failed, so that one run shows all
# there is to mend; at the end a table. Sourced, never run.

steps_failed=()
steps_summary=()

# step TITLE COMMAND…: runs a command under a heading, and notes its outcome and its time.
step() {
    local title=$1 start=$SECONDS outcome=passed
    shift
    printf '\n==> %s: %s\n' "$title" "$*"
    "$@" 2>&1 || outcome=failed
    [[ $outcome == passed ]] || steps_failed+=("$title")
    steps_summary+=("$(printf '%-8s %5d s  %s' "$outcome" $((SECONDS - start)) "$title")")
    printf '==> %s: %s after %d s\n' "$title" "$outcome" $((SECONDS - start))
}

# Prints the table, and ends the script with 1 where a step failed.
end_steps() {
    printf '\n'
    printf '%s\n' "${steps_summary[@]}"
    if ((${#steps_failed[@]})); then
        printf 'failed: %s\n' "$(IFS=,; printf '%s' "${steps_failed[*]}")"
        exit 1
    fi
}
