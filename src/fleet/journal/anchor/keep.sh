set -e; umask 077; mkdir -p -m 700 "$(dirname @JOURNAL@)"; new=@JOURNAL@.new; trap 'rm -f "$new"' EXIT
@TAKE_IN@
@KEY@
printf '{"at":"%s","key":"%s","anchor":%s}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$key" "$(cat "$new")" >>@JOURNAL@
sync @JOURNAL@
