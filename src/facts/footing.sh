[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
dockerd=
for comm in $(grep -lsx dockerd /proc/[0-9]*/comm); do
process=${comm%/comm}
[ "$(readlink $process/ns/pid)" != "$(readlink /proc/self/ns/pid)" ] || dockerd=$process
done
echo ${dockerd:+runs} | sed 's/^$/stopped/'
if [ -S /run/docker.sock ]; then echo socket; else echo none; fi
cat /proc/sys/net/ipv4/ip_forward || exit 1
cat /proc/sys/net/ipv6/conf/all/forwarding 2>/dev/null || echo none
[ -n "$dockerd" ] || exit 0
tr '\0' '\n' <$dockerd/cmdline | awk '
$0 == "-b" { $0 = "--bridge" }
/^-b[^-]/ { sub(/^-b=?/, "--bridge=") }
/^--(bridge|firewall-backend|default-address-pool|log-driver)$/ { key = $0; getline; print "switch " key "=" $0; next }
/^--[a-z0-9-]+=(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/ { print "switch " $0; next }
/^--(bridge|firewall-backend|default-address-pool|log-driver)=/ { print "switch " $0; next }
/^--[a-z0-9-]+/ { sub(/=.*/, ""); print "switch " $0 }'
rules() {
command -v $1 >/dev/null || return 0
nat=$($1 -w 5 -t nat -S) && filter=$($1 -w 5 -S) || return 1
echo $2
printf '%s\n' "$nat" | sed -n '/DOCKER\|MASQUERADE/s/^/nat /p'
printf '%s\n' "$filter" | sed -n '/DOCKER\| -o /s/^/filter /p'
}
rules iptables rules || exit 1
told=$(tr '\0' '\n' <$dockerd/cmdline; cat /etc/docker/daemon.json 2>/dev/null)
major=$(api /version 2>/dev/null | grep -o '"Version":"[0-9]*' | head -1)
case ${major##*\"},$told in
2[7-9],*|[3-9][0-9],*|*ip6tables*) rules ip6tables rules6 || true ;;
esac
