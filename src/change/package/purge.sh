export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
cd @ORIGINALS@ || exit 1
@FORGET@
files() { sed -n 's/^file //p' index | while read -r path; do [ ! -e "$path" ] || printf '%s\n' "$path"; done; }
before=$(files)
goes=$(apt-get -s purge $going | sed -n 's/^\(Purg\|Remv\) \([^ ]*\).*/\2/p' | sort | tr '\n' ' ')
[ "${goes% }" = "$going" ] || { echo 'what apt would remove@SAYS@' >&2; exit $changed; }
units=$(dpkg -L $going | sed -n 's,.*/systemd/system/\([^/]*\.[a-z]*\)$,\1,p')
apt-get -q -y -o DPkg::Lock::Timeout=600 purge $going || exit 1
# Not every package ends what it started, and what failed to end would be remembered without a file.
[ -z "$units" ] || { systemctl stop $units; systemctl reset-failed $units; } 2>/dev/null || true
gone=$(printf '%s\n' "$before" | grep -vxF "$(files)" | sed 's/^/file /')
forget "$gone" && forget "$(printf 'package %s\n' $going)"
