# At boot this runs before sshd starts: waiting for a job of sshd would be waiting for ourselves.
systemctl() { command systemctl --no-block "$@" || :; }
cd @GUARD@ || exit 1
# From here on nothing is changed or confirmed any more. On a disk that went read-only no token can be renamed.
mv armed undoing 2>/dev/null || [ -e armed ] || [ -e undoing ] || exit 0
changing() { for fd in /proc/[0-9]*/fd/9; do if [ "$fd" -ef busy ]; then fd=${fd#/proc/}; echo "${fd%%/*}"; fi; done; }
ends() { kill "-$1" $(changing) 2>/dev/null; flock -w @END@ 7; }
@STATE@
@FLUSH@
@BACK@
exec 7<busy
flock -n 7 || ends TERM || ends KILL || ends KILL
ended=$?
# It asks for this folder, which systemd takes away for a moment where it starts sshd anew.
lets_in() { for turn in 1 2 3 4 5; do mkdir -p -m 755 /run/sshd; /usr/sbin/sshd -t && return; sleep 1; done; return 1; }
# What a way back asks for that looks at the configuration before sshd has ever run.
mkdir -p -m 755 /run/sshd
back
if [ $ended != 0 ]; then
if flock -w @STRAGGLER@ 7; then back; else echo 'a change is still being made' >&2; failed=1; fi
fi
flush || failed=1
state | cmp -s - before || { echo 'the files are not what they were' >&2; failed=1; }
[ ! -e well ] || lets_in || failed=1
if [ $failed = 1 ]; then
mv undoing failed
systemctl stop pryvctl-guard.timer
rm -f @UNITS@
systemctl daemon-reload
exit 1
fi
mv undoing undone
@CLEAN_UP@
