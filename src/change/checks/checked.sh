checked() {
    since=$1; shift; turns=0
    for container; do
        while [ $turns -lt 240 ]; do
            last=$(docker container inspect -f '{{range .State.Health.Log}}{{.End.Unix}} {{end}}' "$container") || break
            last=${last% }; last=${last##* }
            [ "${last:-0}" -lt "$since" ] || break
            turns=$((turns+1)); sleep 0.5
        done
    done
}
