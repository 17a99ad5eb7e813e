systemctl stop pryvctl-guard.timer 2>/dev/null
rm -f @UNITS@
systemctl daemon-reload
cd /
rm -rf @GUARD@
sync @KEPT@ @NAMED_IN@ 2>/dev/null || :
