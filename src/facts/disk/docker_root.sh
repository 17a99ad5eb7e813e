path=
if command -v docker >/dev/null && grep -qsx dockerd /proc/[0-9]*/comm; then
path=$(api /info 2>/dev/null | sed -n 's/.*"DockerRootDir":"\([^"]*\)".*/\1/p')
fi
[ -n "$path" ] || path=$(sed -n 's/.*"data-root"[^"]*"\([^"]*\)".*/\1/p' /etc/docker/daemon.json 2>/dev/null)
path=${path:-/var/lib/docker}
