# shellcheck shell=bash
# Runs steps, each with a heading, and prints a table at the end. A failed step does not stop the others: one run shows
# all failures. Scripts source this file.

steps_failed=()
steps_summary=()

# step TITLE COMMAND…: runs a command under a heading, and notes its result and its time.
step() {
    local title=$1 start=$SECONDS outcome=passed
    shift
    printf '\n==> %s: %s\n' "$title" "$*"
    "$@" 2>&1 || outcome=failed
    [[ $outcome == passed ]] || steps_failed+=("$title")
    steps_summary+=("$(printf '%-8s %5d s  %s' "$outcome" $((SECONDS - start)) "$title")")
    printf '==> %s: %s after %d s\n' "$title" "$outcome" $((SECONDS - start))
}

# Prints the table, and ends the script with 1 if a step failed.
end_steps() {
    printf '\n'
    printf '%s\n' "${steps_summary[@]}"
    if ((${#steps_failed[@]})); then
        printf 'failed: %s\n' "$(IFS=,; printf '%s' "${steps_failed[*]}")"
        exit 1
    fi
}
