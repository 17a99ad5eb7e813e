checks() (
    trap '' HUP INT TERM PIPE
    for container; do
        docker pause "$container" >/dev/null || continue
        docker unpause "$container" >/dev/null || docker unpause "$container" >/dev/null
    done
)
