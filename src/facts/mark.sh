cd /run/pryvctl 2>/dev/null || exit 44
number=$(stat -c %d lock 2>/dev/null) && {
place=$(printf '%02x:%02x:%s' $(((number >> 8) & 0xfff)) $(((number & 0xff) | ((number >> 12) & 0xfff00))) "$(stat -c %i lock)")
if grep -q " $place " /proc/locks; then
{ read -r owner; read -r since; } <lock
since=$(date -d "$since" +%s) && echo "held $(($(date +%s) - since)) $owner"
fi
}
[ ! -e pause ] || echo "paused $(head -n 1 pause)"
echo end
