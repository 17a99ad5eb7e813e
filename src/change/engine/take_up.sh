since=$(date +%s); systemctl reload docker || true; turns=0
until journalctl -q -o cat -u docker --since "@$since" | grep -q 'Reloaded configuration.*live-restore[\\"]*: *true'; do
turns=$((turns+1)); [ $turns -lt 40 ] || {
echo 'dockerd does not say that it has taken up live-restore, and without it a restart would stop every container: systemctl restart docker' >&2
exit 1; }
sleep 0.5
done
