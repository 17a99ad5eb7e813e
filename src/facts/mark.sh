cd /run/pryvctl 2>/dev/null || exit 44
# Who has the lock has its file open. The list of locks does not show it in a container: the program that took it has ended.
if [ -n "$(find /proc/[0-9]*/fd -lname /run/pryvctl/lock -print -quit 2>/dev/null)" ]; then
{ read -r owner; read -r since; } <lock
since=$(date -d "$since" +%s) && echo "held $(($(date +%s) - since)) $owner"
fi
[ ! -e pause ] || echo "paused $(head -n 1 pause)"
echo end
