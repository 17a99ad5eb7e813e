export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
tries=0
until said=$(apt-get -q -o Acquire::Languages=none -o APT::Get::List-Cleanup=false update 2>&1); do
  case $said in *'Could not get lock'*|*'Unable to lock'*) ;; *) printf '%s\n' "$said" >&2; exit 1;; esac
  tries=$((tries+1)); [ $tries -lt 120 ] || { printf '%s\n' "$said" >&2; exit 1; }
  sleep 5
done
@FIRST@
install() {
  apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install --no-remove --no-install-recommends @NAMES@
}
install || { dpkg --configure -a && install; } || {
  gone=$(apt-get -s install --no-install-recommends @NAMES@ | sed -n 's/^Remv \([^ ]*\).*/\1/p')
  [ -z "$gone" ] || echo "they would take the place of" $gone"; remove that first, or skip the control that wants them" >&2
  exit 1
}
