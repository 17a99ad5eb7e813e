export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C
install() {
  apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install --no-remove --no-install-recommends @NAMES@
}
install || { dpkg --configure -a && install; } || exit 1
