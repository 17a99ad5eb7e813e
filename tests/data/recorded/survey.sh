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
uname -srm
}
answer kernel
question() {
set -- /boot/vmlinuz-*
[ -e "$1" ] || exit 44
for file; do printf '%s\n' "${file#/boot/vmlinuz-}"; done
}
answer kernels
question() {
nproc
}
answer cpus
question() {
cat /proc/meminfo
}
answer memory
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
notes='/var/pryv/.versions'
[ -d "$notes" ] || exit 44
perl -e 'my $at = shift; opendir my $folder, $at or die "$at: $!\n";
for my $name (sort readdir $folder) {
my $path = "$at/$name"; next if $name =~ /\n/ || ! -f $path || -s _ > 65536;
my ($mode, $uid, $gid) = (stat _)[2, 4, 5]; open my $file, "<", $path or die "$path: $!\n";
read $file, my $text, 65536; printf "%o %d %d %s\n", $mode & 07777, $uid, $gid, $name;
my $rest = length($text) % 3; (my $line = pack "u", $text) =~ s/^.|\n//mg;
$line =~ tr|` -_|AA-Za-z0-9+/|; substr($line, $rest - 3) = "=" x (3 - $rest) if $rest;
print "$line\n" }' -- "$notes"
}
answer notes
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
cat /etc/os-release
}
answer os
question() {
kind=$(systemd-detect-virt) || [ "$kind" = none ] || exit 1
[ "$kind" != none ] || exit 44
echo "$kind"
}
answer virtualisation
question() {
for tool in curl nft perl; do ! command -v $tool >/dev/null || echo $tool; done
echo end
}
answer commands
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
readlink -mz -- '/var/pryv' | tr '\n\0' '?\n'
}
answer places
question() {
[ -e /etc/hosts ] || exit 44
cat /etc/hosts
}
answer hosts_file
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
[ -e /etc/docker/daemon.json ] || exit 44
cat /etc/docker/daemon.json
}
answer daemon_json
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
[ -n "$ids" ] || exit 0
found=$(timeout 30 docker container inspect --format '{"name":{{json .Name}},"labels":{{json .Config.Labels}},"image":{{json .Config.Image}},"image_id":{{json .Image}},"stop_timeout":{{json .Config.StopTimeout}},"status":{{json .State.Status}},"policy":{{json .HostConfig.RestartPolicy.Name}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}null{{end}},"started":{{json .State.StartedAt}},"now":'$(date +%s)',"check":{{with .Config.Healthcheck}}[{{json .Interval}},{{json .Timeout}}]{{else}}null{{end}},"checked":[{{with .State.Health}}{{range $n, $one := .Log}}{{if $n}},{{end}}{{json $one.End}}{{end}}{{end}}],"mounts":{{json .Mounts}},"networks":{{json .NetworkSettings.Networks}},"ports":{{json .NetworkSettings.Ports}}}{{range .Mounts}}{{if .RW}}{{with .Source}}{{"\n"}}writes {{.}}{{end}}{{end}}{{end}}' $ids) || exit 1
printf '%s\n' "$found"
printf '%s\n' "$found" | sed -n 's/^writes //p' | tr '\n' '\0' | xargs -0r readlink -mz -- | tr '\n\0' '?\n'
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
[ -f /var/lib/pryvctl/release/record.json ] || exit 44
if [ -e /var/lib/pryvctl/release/unfinished ]; then echo unfinished; else echo finished; fi
cat /var/lib/pryvctl/release/record.json
}
answer release
question() {
writer() { perl -e '# What a root script does to the files of a host: put, copy, remove, folder, unfold; what others had there: keep, back; and the
# list of what is ours there: note, wrote, made. See mod.rs. What it is to do stands behind it.
use strict; use Fcntl; require XSLoader; XSLoader::load("IO"); umask 022;
my ($folder, $path, $name, $safe, $temp, $noted, %touched);
my $FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
my ($KEPT, $LIST) = ("/var/lib/pryvctl", "/var/lib/pryvctl/written");
my $REPLACED = "/var/lib/pryvctl/replaced";

# What was begun goes, however this ends.
sub failed { die "@_\n" if $^S; print STDERR "@_\n"; exit 1 }
$SIG{$_} = sub { exit 1 } for qw(HUP INT PIPE TERM);
END { my $code = $?; unlink $temp if defined $temp; IO::Handle::sync($_) for values %touched; $? = $code }

# EINVAL: a file system that knows no such thing.
sub kept { IO::Handle::sync($_[0]) or $! == 22 or failed("$path: $!") }

# The folder is another one than before. It is waited for at the end, and once, however often that is so.
sub touched { $touched{join ".", (stat $_[0])[0, 1]} = $_[0] }

sub settled { kept($_) for values %touched; %touched = () }

# Whether nobody but root writes in a folder.
sub is_roots { my ($mode, $uid) = (stat $_[0])[2, 4]; $uid == 0 && !($mode & 022) }

# Goes to the folder of a path, from folder to folder, so that nothing can be pushed in between. A link is followed where
# nobody but root can have put it. Makes folders that are missing, if so asked; says whether there is one.
sub enter {
    ($path, my $make, my $last) = @_;
    my @rest = grep { length } split m{/}, $path;
    my $turns = 0;
    my $top = sub { sysopen $folder, "/", $FOLDER and chdir $folder or failed("/: $!"); $safe = is_roots($folder) };
    $top->();
    while (@rest) {
        $name = shift @rest;
        my $link = readlink $name;
        if (defined $link && (@rest || $last)) {
            $safe or failed("$path: $name is a link in a folder where others than root may write");
            $turns++ < 40 or failed("$path: too many links");
            $top->() if $link =~ m{^/};
            unshift @rest, grep { length } split m{/}, $link;
            next;
        }
        return 1 unless @rest;
        my $next;
        until (sysopen $next, $name, $FOLDER) {
            return 0 if $! == 2 && !$make;
            $! == 2 or failed("$path: $name: $!");
            mkdir $name, 0755 or $! == 17 or failed("$path: $name: $!");
            touched($folder);
        }
        chdir $next or failed("$path: $name: $!");
        $folder = $next;
        $safe &&= is_roots($folder);
    }
    failed("$path: is no file");
}

sub hash {
    my ($handle) = @_;
    sysseek $handle, 0, 0;
    my $pid = open(my $said, "-|") // failed("sha256sum: $!");
    if (!$pid) { undef $temp; open STDIN, "<&", $handle; exec "sha256sum"; exit 1 }
    my $line = <$said> // "";
    $line =~ /^([0-9a-f]{64}) / or failed("$path: sha256sum does not answer");
    return $1;
}

# Opens what is there; nothing, if there is nothing.
sub there {
    my $handle;
    unless (sysopen $handle, $name, O_RDONLY | O_NONBLOCK | ($safe ? 0 : O_NOFOLLOW)) { return if $! == 2; failed("$path: $!") }
    -f $handle or failed("$path: is not a file");
    return $handle;
}

# Ends the script if there is something else than was seen.
sub compare {
    my ($seen, $new) = @_;
    return if $seen eq "any";
    my $handle = there();
    my $now = $handle ? hash($handle) : "absent";
    return if $now eq $seen || defined $new && $now eq hash($new);
    print STDERR "$path: changed since it was looked at\n"; exit 76;
}

sub from_stdin {
    my ($length, $text) = (@_, "");
    while (length $text < $length) {
        sysread STDIN, $text, $length - length $text, length $text or failed("$path: what it is to hold was cut short");
    }
    return $text;
}

sub all { my ($handle, $text) = @_; my $at = 0;
    while ($at < length $text) { $at += syswrite($handle, $text, length($text) - $at, $at) // return 0 } 1 }

sub slurp { my ($handle, $text) = (@_, ""); sysseek $handle, 0, 0; 1 while sysread $handle, $text, 65536, length $text; $text }

# In a container a file may be a mount, which cannot be replaced.
sub in_place {
    my ($text, $mode, $uid, $gid) = @_;
    $safe && sysopen my $there, $name, O_RDWR | O_NOFOLLOW or failed("$path: $!");
    my $old = slurp($there);
    my $put = sub { sysseek $there, 0, 0; all($there, $_[0]) && truncate $there, length $_[0] };
    unless ($put->($text)) { my $why = $!; $put->($old); failed("$path: $why") }
    chown $uid, $gid, $there or failed("$path: $!"); chmod $mode, $there or failed("$path: $!");
    kept($there);
}

sub put {
    my ($text, $seen, $mode, $uid, $gid, $check, $times) = @_;
    my ($new, @now);
    unless ($mode ne "-") {
        my $handle = there() // failed("$path: is not there any more");
        ($mode, $uid, $gid) = (stat $handle)[2, 4, 5];
        $mode = sprintf "%o", $mode & 07777;
    }
    open my $chance, "<", "/dev/urandom" or failed("/dev/urandom: $!");
    do {
        sysread $chance, my $bytes, 8;
        $temp = ".pryvctl-new." . unpack "H*", $bytes;
    } until sysopen $new, $temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600 or $! != 17 && (undef $temp, failed("$path: $!"));
    all($new, $text) or failed("$path: $!");
    compare($seen, $new) if length $check || $seen ne "any";
    if (length $check) {
        $ENV{new} = readlink("/proc/self/cwd") . "/$temp";
        open STDIN, "<", "/dev/null";
        my $code = system "sh", "-c", $check;
        exit($code >> 8 || 1) if $code;
        compare($seen, $new);
    }
    chown $uid, $gid, $new or failed("$path: $!"); chmod oct $mode, $new or failed("$path: $!");
    utime @$times, $new if $times;
    kept($new);
    if (rename $temp, $name) {
        undef $temp;
        my ($ours, $theirs) = (join(".", (stat $new)[0, 1]), join ".", (lstat $name)[0, 1]);
        $ours eq $theirs or failed("$path: somebody else put something in its place");
    } elsif ($! == 16) { in_place($text, oct $mode, $uid, $gid) } else { failed("$path: $!") }
    touched($folder);
}

# The hash of a text, which may be a secret: it goes through a pipe.
sub hash_of {
    my ($text) = @_;
    my $pid = open(my $said, "-|") // failed("$path: $!");
    if (!$pid) { undef $temp; %touched = (); all(\*STDOUT, $text); exit 0 }
    return hash($said);
}

# The list of what is ours: "file HASH PATH" and "folder PATH". A file that was being changed has two lines.
sub list { my $handle = enter($LIST, 0, 1) && there(); return $handle ? slurp($handle) : undef }

sub lines { return $_[0] =~ /[^\n]*\n|[^\n]+\z/g }

# Takes lines out of the list and puts others in. What was done before is on the disk before that, and the list after it.
sub note {
    my ($goes, @come) = @_;
    my $at = $path;
    my $old = list() // "";
    my %come = map { $_ => 1 } @come;
    my %there = map { $_ => 1 } my @lines = map { s/\n?\z/\n/r } lines($old);
    my $new = join "", (grep { $come{$_} || !$goes->($_) } @lines), grep { !$there{$_} } @come;
    if ($new ne $old) {
        settled();
        enter($LIST, 1, 1);
        if (length $new) { put($new, "any", "600", 0, 0, "") }
        else {
            unlink $name or failed("$LIST: $!"); touched($folder);
            enter($KEPT, 0, 0) && rmdir $name && touched($folder);
        }
        settled();
    }
    $path = $at;
}

# Folders on the way to a path that will have to be made.
sub missing {
    my @way = grep { length } split m{/}, $_[0];
    return map { "folder $_\n" } grep { !-e $_ } map { "/" . join "/", @way[0 .. $_] } 0 .. $#way - 1;
}

# Notes a file that is about to be written, beside what is there until then.
sub note_file {
    my ($to, $hash) = @_;
    my $handle = enter($to, 0, 1) && there();
    my $now = $handle ? hash($handle) : "";
    note(sub { $_[0] =~ /^file (\w+) (.*)/ && $2 eq $to && $1 ne $now }, missing($to), "file $hash $to\n");
}

my %do; %do = (
    # put PATH SEEN LENGTH MODE UID GID CHECK: what comes through stdin; behind what was seen, where that is "stdin".
    put => sub {
        my ($to, $seen, $length, $mode, $uid, $gid, $check) = @_;
        $path = $to;
        ($seen) = from_stdin(65) =~ /^(\w+) *\n/ if $seen eq "stdin";
        my $text = from_stdin($length);
        note_file($to, hash_of($text)) if $noted;
        enter($to, 1, 1);
        put($text, $seen, $mode, $uid, $gid, $check // "");
    },
    # copy FROM PATH SEEN MODE UID GID: a file with its times; and its rights, where the mode is "=".
    copy => sub {
        my ($from, $to, $seen, $mode, $uid, $gid) = @_;
        $path = $to;
        ($seen) = from_stdin(65) =~ /^(\w+) *\n/ if $seen eq "stdin";
        my $handle = (enter($from, 0, 1) ? there() : undef) // failed("$from: is not there");
        my @of = stat $handle;
        $safe || $of[3] == 1 or failed("$from: has other names, in a folder where others than root may write");
        ($mode, $uid, $gid) = (sprintf("%o", $of[2] & 07777), @of[4, 5]) if $mode eq "=";
        my $text = slurp($handle);
        note_file($to, hash($handle)) if $noted;
        enter($to, 1, 1);
        put($text, $seen, $mode, $uid, $gid, "", [@of[8, 9]]);
    },
    # remove PATH SEEN
    remove => sub {
        my ($at, $seen) = @_;
        $path = $at;
        ($seen) = from_stdin(65) =~ /^(\w+) *\n/ if $seen eq "stdin";
        if (enter($at, 0, 0) && lstat $name) {
            compare($seen);
            unlink $name or failed("$path: $!");
            touched($folder);
        }
        note(sub { $_[0] =~ /^file \w+ (.*)/ && $1 eq $at }) if $noted;
    },
    # keep PATH SEEN: what others have where we are about to write is kept with its rights, unless something was kept before.
    keep => sub {
        my ($at, $seen) = @_;
        $path = $at;
        ($seen) = from_stdin(65) =~ /^(\w+) *\n/ if $seen eq "stdin";
        enter($at, 0, 1) or failed("$at: is not there any more");
        compare($seen);
        return if enter("$REPLACED$at", 0, 0) && lstat $name;
        $do{folder}->($REPLACED, "700", 0, 0);
        $do{copy}->($at, "$REPLACED$at", "absent", "=");
        settled();
    },
    # back PATH SEEN: what was kept goes back to its place, which leaves the list, and only then it is kept no more.
    back => sub {
        my ($at, $seen) = @_;
        my $from = "$REPLACED$at";
        $do{copy}->($from, $at, $seen, "=");
        settled();
        note(sub { $_[0] =~ /^file \w+ (.*)/ && $1 eq $at });
        $do{remove}->($from, "any");
        while ($from =~ s{/[^/]+\z}{} && $from =~ m{^\Q$KEPT\E(/|\z)}) {
            enter($from, 0, 0) && rmdir $name or last;
            touched($folder);
        }
    },
    # folder PATH MODE UID GID
    folder => sub {
        my ($at, $mode, $uid, $gid) = @_;
        note(sub { 0 }, missing("$at/.")) if $noted;
        enter($at, 1, 1);
        mkdir $name, 0700 or $! == 17 or failed("$path: $!");
        sysopen my $made, $name, $FOLDER or failed("$path: $!");
        chown $uid, $gid, $made or failed("$path: $!"); chmod oct $mode, $made or failed("$path: $!");
        kept($made); touched($folder);
    },
    # unfold PATH: a folder goes, if nothing is in it.
    unfold => sub {
        my ($at) = @_;
        if (enter($at, 0, 0) && lstat $name) {
            rmdir $name or $! == 39 ? return : failed("$path: $!");
            touched($folder);
        }
        note(sub { $_[0] eq "folder $at\n" }) if $noted;
    },
    # note CALL: a call that the list tells of: of what comes before it is there, and of what goes until it is gone.
    note => sub { $noted = 1; my $what = shift; $do{$what}->(@_); $noted = 0 },
    # wrote PATH...: files of ours that no list tells of yet; their hashes come through stdin.
    wrote => sub { note(sub { 0 }, map { my ($hash) = from_stdin(65) =~ /^(\w+) *\n/; "file $hash $_\n" } @_) },
    # made PATH: the same of a folder.
    made => sub { note(sub { 0 }, "folder $_[0]\n") },
);
# What the list of what is ours says, and how that is. It stands between the writer and its calls, in a survey.

# A host of an older pryvctl has no list; what the last change wanted stands in the record of the release before it.
sub before {
    my $handle = enter("$KEPT/release/record.json", 0, 1) && there() or return "";
    my ($wanted) = slurp($handle) =~ /"wanted":\{([^{}]*)\}/ or return "";
    my $lines = "";
    $lines .= "file $2 $1\n" while $wanted =~ m{"(/[^"\\]*)":"([0-9a-f]{64})"}g;
    return $lines;
}

# What is at a path, or why that cannot be said; no link of others is followed.
sub look {
    my ($at, $say) = @_;
    my $said = eval { enter($at, 0, 0) && lstat $name ? $say->() : "none" };
    return $said if defined $said;
    (my $why = $@) =~ s/^\Q$at\E: |\n//g;
    return "no $why";
}

# Goes into a folder, and gives what is in it.
sub within {
    my ($at) = @_;
    enter("$at/.", 0, 0) && opendir my $there, "." or return;
    return grep { !/^\.\.?\z/ } readdir $there;
}

# How a file is.
sub file_at {
    my ($file) = @_;
    return look($file, sub {
        -l _ and failed("$file: is a link");
        my $handle = -f _ && there() || failed("$file: is not a file");
        my @of = stat $handle;
        sprintf "is %o %d %d %s", $of[2] & 07777, @of[4, 5], hash($handle);
    });
}

# The folders below one, and the files in them.
sub below {
    my ($at) = @_;
    my (@folders, @files) = $at;
    for my $next (map { "$at/$_" } sort(within($at))) {
        enter($next, 0, 0) && lstat $name or next;
        if (-d _) { my ($folders, $files) = below($next); push @folders, @$folders; push @files, @$files }
        elsif ($name !~ /^\.pryvctl-new\./) { push @files, $next }
    }
    return \@folders, \@files;
}

# listed PATH...: the list, and how what is on it is; of the paths that are given that is known already. What is kept of
# others, and how that is by now in whose place it was. And what is half written beside any of them. It only looks.
$do{listed} = sub {
    my %known = map { $_ => 1 } @_;
    my $list = list();
    print defined $list ? "list\n" : "none\n";
    my ($at, %files, %folders) = 0;
    print "damaged it is empty\n" if defined $list && $list eq "";
    for (lines($list // before())) {
        $at++;
        if (!m{/\.\.?[/\n]} && m{^(?:file ([0-9a-f]{64})|folder) (/[^\0-\x1f]+)\n\z}) {
            if (defined $1) { push @{$files{$2}}, $1 } else { $folders{$2} = 1 }
            next;
        }
        print "damaged line $at is not understood\n";
        %files = %folders = ();
        last;
    }
    for my $file (sort keys %files) {
        print "file $file\n@{$files{$file}}\n";
        print $known{$file} ? "known" : file_at($file), "\n";
    }
    my ($kept_in, $kept) = below($REPLACED);
    for my $copy (@$kept) {
        my $file = substr $copy, length $REPLACED;
        print "kept $file\n", file_at($copy), "\n", $known{$file} ? "known" : file_at($file), "\n";
    }
    open my $mounts, "<", "/proc/self/mounts" or failed("/proc/self/mounts: $!");
    my %mounted = map { ((split)[1] => 1) } <$mounts>;
    for my $made (sort keys %folders) {
        print "folder $made\n", look($made, sub {
            -d _ or failed("$made: is not a folder");
            my @of = lstat _;
            failed("$made: something is mounted there") if $mounted{$made};
            sprintf "is %o %d %d %d", $of[2] & 07777, @of[4, 5], scalar(() = within($made));
        }), "\n";
    }
    my %beside = map { m{^(.*)/} ? ($1 => 1) : () } $LIST, @_, keys %files, map { "$_/" } @$kept_in;
    for my $beside (sort keys %beside) {
        my @half = eval { grep { /^\.pryvctl-new\.[0-9a-f]{16}\z/ && lstat && -f _ } within($beside) };
        print "half $beside/$_\n" for sort @half;
    }
};
# Calls stand one after the other, with a "+" between them.
while (@ARGV) {
    my ($what, @words) = shift;
    push @words, shift while @ARGV && $ARGV[0] ne "+";
    shift;
    ($do{$what} // failed("writer: $what"))->(@words);
}
settled();
' -- "$@"; }
writer listed '/etc/docker/certs.d/registry.example.org:5000/ca.crt' '/etc/pryvctl/firewall.json' '/etc/pryvctl/services.nft' '/etc/ssh/sshd_config' '/etc/ssh/sshd_config.d/00-pryvctl.conf' '/etc/systemd/system/pryvctl-firewall.service' '/etc/systemd/system/pryvctl-services.service' '/var/lib/pryvctl/pending/docker' '/var/lib/pryvctl/pending/reload-core' '/var/pryv/core/conf/core.yml' '/var/pryv/core/conf/secret.yml'
}
answer written
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
