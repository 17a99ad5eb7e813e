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
