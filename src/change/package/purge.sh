export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
cd @ORIGINALS@ || exit 1
@FORGET@
files() { sed -n 's/^file //p' index | while read -r path; do [ ! -e "$path" ] || printf '%s\n' "$path"; done; }
before=$(files)
there=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' @NAMES@ 2>/dev/null | sed -n 's/^[^n][^ ]* //p')
@KEPT@
[ -z "$there" ] || others=$(apt-get -s purge $there | sed -n 's/^Purg \([^ ]*\).*/\1/p' | grep -vxF "$there" || true)
[ -z "$others" ] || {
needed=$(apt-cache --installed --recurse --important depends $others | sed -n 's/^\([^ <].*\)/\1/p')
there=$(printf '%s\n' "$there" | grep -vxF "$needed" || true)
}
[ -z "$there" ] || {
units=$(dpkg -L $there | sed -n 's,.*/systemd/system/\([^/]*\.[a-z]*\)$,\1,p')
apt-get -q -y -o DPkg::Lock::Timeout=600 purge $there || exit 1
# Not every package ends what it started, and what failed to end would be remembered without a file.
[ -z "$units" ] || { systemctl stop $units; systemctl reset-failed $units; } 2>/dev/null || true
}
gone=$(printf '%s\n' "$before" | grep -vxF "$(files)" | sed 's/^/file /')
forget "$gone" && forget "$(printf 'package %s\n' $there)"
