if [ -e @GUARD@/armed ] || [ -e @GUARD@/undoing ]; then
systemctl start pryvctl-guard.service || sh @GUARD@/undo
elif [ -e @GUARD@/confirmed ] || [ -e @GUARD@/undone ]; then
@CLEAN_UP@
fi
[ ! -e @GUARD@/failed ] || { journalctl -q -n 8 -o cat -u pryvctl-guard >&2; exit $stuck; }
