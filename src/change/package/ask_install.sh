export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
tries=0
until said=$(apt-get -q -o Acquire::Languages=none -o APT::Get::List-Cleanup=false update 2>&1); do
  case $said in *'Could not get lock'*|*'Unable to lock'*) ;; *) printf '%s\n' "$said" >&2; exit 1;; esac
  tries=$((tries+1)); [ $tries -lt 120 ] || { printf '%s\n' "$said" >&2; exit 1; }
  sleep 5
done
would() { apt-get -s install --no-install-recommends @NAMES@; }
would || { dpkg --configure -a >&2 && would; }
