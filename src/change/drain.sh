sockets() {
    cat /proc/$1/net/tcp /proc/$1/net/tcp6 2>/dev/null | awk '
        { port = $2; sub(/.*:/, "", port) }
        $4 == "0A" { listens[port] = 1 }
        $2 ~ /^(0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F):/ { next }
        $4 ~ /^0[123489B]$/ { open[port]++ }
        END { for (port in open) if (port in listens) n += open[port]; print n + 0 }'
}
half_open() {
    if [ -r /proc/net/nf_conntrack ]; then
        awk -v addresses="$*" '
            BEGIN { n = split(addresses, list, " "); for (i = 1; i <= n; i++) old["src=" list[i]] = 1 }
            $6 ~ /^SYN_/ { for (i = NF; $i !~ /^src=/; i--); if ($i in old) open++ }
            END { print open + 0 }' /proc/net/nf_conntrack
    elif [ "$(date +%s)" -gt $(($(stat -c %Y "$changed" 2>/dev/null || echo 0) + 4)) ]; then echo 0
    else echo 1
    fi
}
drain() {
    name=$1 grace=$2 calm=0 open=0 half=1
    pid=$(docker inspect -f '{{.State.Pid}}' "$name" 2>/dev/null) && [ "$pid" -gt 0 ] || return 0
    shift 2
    read -r begun _ </proc/uptime
    while [ $calm -lt 2 ]; do
        read -r now _ </proc/uptime
        took=$((${now%.*} - ${begun%.*}))
        [ $took -lt $grace ] || { [ $half != 0 ] && [ $took -lt 5 ]; } || break
        sleep 0.5
        open=$(sockets $pid) half=$(half_open "$@")
        if [ $((open + half)) = 0 ]; then calm=$((calm + 1)); else calm=0; fi
    done
    [ $open = 0 ] || echo "$name: $open connections are cut"
}
