set -e; umask 077
mkdir -p /run/pryvctl; exec 6>/run/pryvctl/arming; flock 6
if [ -e @GUARD@/armed ] || [ -e @GUARD@/undoing ]; then exit $taken; fi
trap 'code=$?; [ $code = 0 ] || { set +e; rm -f @GUARD@/armed; @CLEAN_UP@; }; exit $code' EXIT
trap 'exit 1' HUP INT PIPE TERM
rm -rf @GUARD@; mkdir -p @GUARD@; cd @GUARD@
@SAVES@
@STATE@
state > before
if /usr/sbin/sshd -t 2>/dev/null; then : > well; fi
@UNDO@; sh -n undo; : > busy
@UNITS@
systemctl daemon-reload
systemctl enable -q pryvctl-guard.service
: > armed
sync @KEPT@ @GUARD@ @GUARD@/* /etc/systemd/system/pryvctl-guard.service /etc/systemd/system/pryvctl-guard.timer @NAMED_IN@
systemctl start pryvctl-guard.timer
systemctl is-active -q pryvctl-guard.timer
