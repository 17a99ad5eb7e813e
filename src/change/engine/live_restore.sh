if docker info >/dev/null 2>&1; then
turns=0
until [ "$(docker info -f '{{.LiveRestoreEnabled}}' 2>/dev/null)" = true ]; do
[ $((turns % 20)) != 0 ] || systemctl reload docker || true
turns=$((turns+1))
[ $turns -lt 100 ] || { back; systemctl reload docker || true
echo 'dockerd does not take up live-restore, and without it a restart would stop every container' >&2; exit 1; }
sleep 0.1
done
fi
