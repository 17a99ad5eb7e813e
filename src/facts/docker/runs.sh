[ -S /run/docker.sock ] || command -v dockerd >/dev/null || exit 44
command -v docker >/dev/null || exit 44
grep -qsx dockerd /proc/[0-9]*/comm || { echo 'dockerd is not running' >&2; exit 1; }
