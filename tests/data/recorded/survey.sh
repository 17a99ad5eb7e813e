api() { perl -e '
sub failed { print STDERR "docker: @_\n"; exit 1 }
$SIG{ALRM} = sub { failed("no answer within 30 s") }; alarm 30 if @ARGV == 1;
while (my ($path, $method, $body) = splice @ARGV, 0, 3) {
    $method //= "GET"; $body //= "";
    socket my $s, 1, 1, 0;
    connect $s, pack("Sa*x", 1, "/run/docker.sock") or failed($!);
    my $kind = $body eq "" ? "" : "Content-Type: application/json\r\n";
    syswrite $s, "$method $path HTTP/1.0\r\n${kind}Content-Length: " . length($body) . "\r\n\r\n$body";
    local $/; my ($head, $said) = split /\r\n\r\n/, <$s> // "", 2;
    $head =~ m{^HTTP/\S+ (2\d\d|304) } or failed($said =~ /"message":"(.*)"/ ? $1 : $head || "no answer");
    print $said;
}' "$@"; }
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
read -r mark </proc/sys/kernel/random/uuid || exit 1
exec 3>&1 </dev/null
answer() {
printf '%s ask %s\n' "$mark" "$1"
complaint=$(question 2>&1 >&3 3>&-)
code=$?
printf '\n%s err\n%s\n%s end %s\n' "$mark" "$complaint" "$mark" "$code"
}
printf 'pryvctl survey 1 %s\n' "$mark"
question() {
date +%s.%N
cat /proc/[0-9]*/comm 2>/dev/null | grep -m1 -xE 'systemd-timesyn|chronyd|ntpd|ntpsec|openntpd' || :
}
answer clock
question() {
id -u
printf '%s\n' "${SUDO_USER:-}"
}
answer rights
question() {
cat /etc/os-release
}
answer os
question() {
uname -srm
}
answer kernel
question() {
nproc
}
answer cpus
question() {
cat /proc/meminfo
}
answer memory
question() {
kind=$(systemd-detect-virt) || [ "$kind" = none ] || exit 1
[ "$kind" != none ] || exit 44
echo "$kind"
}
answer virtualisation
question() {
cat /proc/sys/kernel/random/boot_id
if [ -e /run/reboot-required ]; then echo pending; else echo current; fi
}
answer boot
question() {
cat /proc/1/comm
command -v systemctl >/dev/null || exit 0
systemctl is-system-running 2>/dev/null
systemctl list-units --failed --plain --no-legend --no-pager | cut -d ' ' -f 1
}
answer init
question() {
[ -d /sys/fs/cgroup ] || exit 44
stat -f -c %T /sys/fs/cgroup
}
answer cgroup
question() {
path=
if command -v docker >/dev/null && grep -qsx dockerd /proc/[0-9]*/comm; then
path=$(api /info 2>/dev/null | sed -n 's/.*"DockerRootDir":"\([^"]*\)".*/\1/p')
fi
[ -n "$path" ] || path=$(sed -n 's/.*"data-root"[^"]*"\([^"]*\)".*/\1/p' /etc/docker/daemon.json 2>/dev/null)
path=${path:-/var/lib/docker}
printf '%s\n' "$path"
while [ ! -e "$path" ]; do path=${path%/*}; path=${path:-/}; done
stat -c %m -- "$path" && stat -f -c '%T|%S %b %a %c %d' -- "$path"
}
answer docker_disk
question() {
path='/var/pryv'
printf '%s\n' "$path"
while [ ! -e "$path" ]; do path=${path%/*}; path=${path:-/}; done
stat -c %m -- "$path" && stat -f -c '%T|%S %b %a %c %d' -- "$path"
}
answer data_disk
question() {
if command -v ss >/dev/null; then echo ss; ss -H -lntup; else echo proc
for table in tcp tcp6 udp udp6; do
[ ! -e /proc/net/$table ] || sed -e 1d -e "s/^/$table /" /proc/net/$table
done
fi
}
answer listeners
question() {
for tool in curl nft; do ! command -v $tool >/dev/null || echo $tool; done
echo end
}
answer commands
question() {
command -v apt-get >/dev/null || exit 44
for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
[ -e $lock ] || continue
inode=$(stat -c %i $lock)
while read -r _ _ _ _ pid device _; do
case $device in *:"$inode")
program=$pid
[ ! -r /proc/$pid/comm ] || read -r program </proc/$pid/comm
echo "busy $program" ;;
esac
done </proc/locks
done
[ -z "$(ls /var/lib/dpkg/updates 2>/dev/null)" ] || echo interrupted
[ -z "$(find /etc/apt/sources.list /etc/apt/sources.list.d -type f -size +0 2>/dev/null)" ] || echo sources
echo end
}
answer packages
question() {
getent passwd 'root' || exit 44
getent shadow 'root' | sed -e 's/^\([^:]*:\)\([!*]*\)[^:!*][^:]*/\1\2x/'
}
answer login
question() {
[ "$SSH_CONNECTION" ] || exit 44
echo "${SSH_CONNECTION##* }"
}
answer came_in
question() {
command -v sshd >/dev/null || exit 44
from=${SSH_CONNECTION%% *}
place='user=root,host=controller,addr='${from:-198.51.100.0}',laddr=192.0.2.10,lport=22'
if [ -d /run/sshd ]; then sshd -T -C "$place"
else place=$place unshare -m sh -c 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && sshd -T -C "$place"'
fi
}
answer sshd
question() {
command -v nft >/dev/null || exit 44
tables=$(nft list tables) || exit 1
printf '%s\n' "$tables" | while read -r _ family name; do
case $family:$name in inet:pryvctl*) nft -j -s list table inet "$name" || exit 1; echo ;; esac
done
}
answer tables
question() {
command -v nft >/dev/null || exit 44
chains=$(nft list chains) || exit 1
printf '%s\n' "$chains" | while read -r first second third fourth _; do
case $first:$second:$third:$fourth in
table:inet:pryvctl*) table= ;;
table:ip:*|table:ip6:*|table:inet:*) table="$second $third" ;;
table:*) table= ;;
type:filter:hook:forward|type:filter:hook:input) [ ! "$table" ] || echo "$table" ;;
esac
done | sort -u | { total=0; while read -r family name; do
rules=$(nft -j -t list table "$family" "$name") || exit 1
rules=$(printf '%s\n' "$rules" | sed -E 's/\]\}$/\n]}/; s/, (\{"(rule|chain)": \{)/\n\1/g' |
grep -vE '^\{"rule": .*\{"match": \{"op": "==", "left": \{"payload": \{"protocol": "ip6?", "field": "saddr"\}\}, "right": "[0-9a-f:.]+"\}\}' |
awk 'NR > 1 && $0 != "]}" { printf ", " } { printf "%s", $0 }')
total=$((total + ${#rules}))
[ $total -le 1048576 ] || { echo "the rules of table $family $name are too many to be looked at" >&2; exit 1; }
printf '%s\n' "$rules"
done; }
}
answer filters
question() {
cat /proc/net/dev || exit 1
echo route; cat /proc/net/route
echo route6; cat /proc/net/ipv6_route; :
}
answer links
question() {
command -v nft >/dev/null || exit 44
nft -c -f - >/dev/null 2>&1 <<'NFT' && echo settable || echo fixed
table inet pryvctl_asks {
	ct timeout brief {
		protocol tcp
		l3proto ip
		policy = { syn_sent : 1 }
	}
}
NFT
cd /proc/sys/net/netfilter 2>/dev/null || exit 0
cat nf_conntrack_count nf_conntrack_max
}
answer conntrack
question() {
command -v systemctl >/dev/null || exit 44
systemctl show -p LoadState,UnitFileState,ActiveState -- 'containerd.service' 'docker.service' 'docker.socket' 'nftables.service' 'pryvctl-firewall.service' 'pryvctl-guard.service' 'pryvctl-services.service' 'ssh.service' 'ssh.socket'
}
answer units
question() {
set --
file() { if [ -f "$1" ]; then echo file; elif [ -e "$1" ]; then echo other; else echo none; fi; }
file '/etc/docker/certs.d/registry.example.org:5000/ca.crt'; [ ! -f '/etc/docker/certs.d/registry.example.org:5000/ca.crt' ] || set -- "$@" '/etc/docker/certs.d/registry.example.org:5000/ca.crt'
file '/etc/pryvctl/firewall.json'; [ ! -f '/etc/pryvctl/firewall.json' ] || set -- "$@" '/etc/pryvctl/firewall.json'
file '/etc/pryvctl/services.nft'; [ ! -f '/etc/pryvctl/services.nft' ] || set -- "$@" '/etc/pryvctl/services.nft'
file '/etc/ssh/sshd_config'; [ ! -f '/etc/ssh/sshd_config' ] || set -- "$@" '/etc/ssh/sshd_config'
file '/etc/ssh/sshd_config.d/00-pryvctl.conf'; [ ! -f '/etc/ssh/sshd_config.d/00-pryvctl.conf' ] || set -- "$@" '/etc/ssh/sshd_config.d/00-pryvctl.conf'
file '/etc/systemd/system/pryvctl-firewall.service'; [ ! -f '/etc/systemd/system/pryvctl-firewall.service' ] || set -- "$@" '/etc/systemd/system/pryvctl-firewall.service'
file '/etc/systemd/system/pryvctl-services.service'; [ ! -f '/etc/systemd/system/pryvctl-services.service' ] || set -- "$@" '/etc/systemd/system/pryvctl-services.service'
file '/var/lib/pryvctl/pending/docker'; [ ! -f '/var/lib/pryvctl/pending/docker' ] || set -- "$@" '/var/lib/pryvctl/pending/docker'
file '/var/lib/pryvctl/pending/reload-core'; [ ! -f '/var/lib/pryvctl/pending/reload-core' ] || set -- "$@" '/var/lib/pryvctl/pending/reload-core'
file '/var/pryv/core/conf/core.yml'; [ ! -f '/var/pryv/core/conf/core.yml' ] || set -- "$@" '/var/pryv/core/conf/core.yml'
file '/var/pryv/core/conf/secret.yml'; [ ! -f '/var/pryv/core/conf/secret.yml' ] || set -- "$@" '/var/pryv/core/conf/secret.yml'
[ $# -gt 0 ] || exit 0
stat -L -c '%a %u %g %s' -- "$@" && sha256sum -b -- "$@" || exit 1
perl -e 'for my $path (@ARGV) {
my $text = ""; if (-f $path && open my $file, "<", $path) { read $file, $text, 65536 }
my $rest = length($text) % 3; (my $line = pack "u", $text) =~ s/^.|\n//mg;
$line =~ tr|` -_|AA-Za-z0-9+/|; substr($line, $rest - 3) = "=" x (3 - $rest) if $rest;
print "$line\n" }' -- '/etc/docker/certs.d/registry.example.org:5000/ca.crt' '/etc/pryvctl/firewall.json' '/etc/pryvctl/services.nft' '/etc/ssh/sshd_config' '/etc/ssh/sshd_config.d/00-pryvctl.conf' '/etc/systemd/system/pryvctl-firewall.service' '/etc/systemd/system/pryvctl-services.service' '/var/lib/pryvctl/pending/docker' '/var/lib/pryvctl/pending/reload-core' '/var/pryv/core/conf/core.yml' ''
}
answer files
question() {
folder() { if [ -d "$1" ]; then stat -L -c '%a %u %g' -- "$1"; elif [ -e "$1" ]; then echo other; else echo none; fi; }
folder '/var/pryv'
folder '/var/pryv/core/log'
}
answer folders
question() {
[ -e /etc/hosts ] || exit 44
cat /etc/hosts
}
answer hosts_file
question() {
[ -e /etc/docker/daemon.json ] || exit 44
cat /etc/docker/daemon.json
}
answer daemon_json
question() {
[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
if command -v docker >/dev/null; then
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
info=$(api /info) || exit 1
printf %s "$info" | grep -oE '"(ServerVersion|DockerRootDir|Driver|LocalNodeState)":"[^"]*"|"LiveRestoreEnabled":[a-z]*'
else
dockerd --version
root=$(sed -n 's/.*"data-root"[^"]*"\([^"]*\)".*/\1/p' /etc/docker/daemon.json 2>/dev/null)
root=${root:-/var/lib/docker}
printf '%s\n' "$root"
if [ -s "$root/swarm/docker-state.json" ]; then echo swarm; else echo alone; fi
ls "$root/containers" 2>/dev/null || :
fi
}
answer docker
question() {
[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
command -v docker >/dev/null || exit 44
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
api /images/json
}
answer images
question() {
[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
command -v docker >/dev/null || exit 44
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
api /networks
}
answer networks
question() {
[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
command -v docker >/dev/null || exit 44
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
list=$(api /volumes) || exit 1
printf %s "$list" | grep -oE '"Name":"[^"]*"' | cut -d'"' -f4
}
answer volumes
question() {
[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
command -v docker >/dev/null || exit 44
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
list=$(api '/containers/json?all=1&filters=%7B%22label%22%3A%5B%22pryvctl.platform%3Dacme%22%5D%7D') || exit 1
ids=$(printf %s "$list" | grep -oE '"Id":"[0-9a-f]{64}"' | cut -d'"' -f4)
[ -z "$ids" ] || timeout 30 docker container inspect --format '{"name":{{json .Name}},"labels":{{json .Config.Labels}},"image":{{json .Config.Image}},"image_id":{{json .Image}},"stop_timeout":{{json .Config.StopTimeout}},"status":{{json .State.Status}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}null{{end}},"started":{{json .State.StartedAt}},"mounts":{{json .Mounts}},"networks":{{json .NetworkSettings.Networks}},"ports":{{json .NetworkSettings.Ports}}}' $ids
}
answer containers
question() {
[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
command -v docker >/dev/null || exit 44
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
all=$(api '/containers/json?all=1') && ours=$(api '/containers/json?all=1&filters=%7B%22label%22%3A%5B%22pryvctl.platform%3Dacme%22%5D%7D') || exit 1
names() { printf %s "$1" | grep -oE '"Names":\[[^]]*\]' | grep -oE '/[^"]*'; }
names "$all"; echo ours; names "$ours"; :
}
answer foreign_containers
question() {
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
}
answer footing
question() {
[ -f /var/lib/pryvctl/release/record.json ] || exit 44
if [ -e /var/lib/pryvctl/release/unfinished ]; then echo unfinished; else echo finished; fi
cat /var/lib/pryvctl/release/record.json
}
answer release
question() {
exit 44
}
answer sysctl
question() {
exit 44
}
answer limited
question() {
exit 44
}
answer mounts
question() {
exit 44
}
answer installed
question() {
exit 44
}
answer algorithms
question() {
command -v ip >/dev/null || exit 44
ip -6 route show default 2>/dev/null || exit 44
ip -6 route show proto ra
ip -6 -o address show scope global dynamic
}
answer route6
question() {
command -v auditctl >/dev/null || exit 44
auditctl -l 2>/dev/null || exit 44
}
answer audit
question() {
exit 44
}
answer traces
question() {
cd /var/lib/pryvctl/originals 2>/dev/null && [ -e index ] || exit 44
cat index; echo
while read -r kind path; do [ "$kind" = file ] || continue
printf '%s ' "$(stat -c '%a %u %g' "files$path")"
base64 -w0 "files$path"; echo
done <index
}
answer originals
