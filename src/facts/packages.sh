command -v apt-get >/dev/null || exit 44
for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
[ -e $lock ] || continue
inode=$(stat -c %i $lock)
while read -r _ _ _ _ pid device _; do
case $device in *:"$inode")
program=$pid
[ ! -r /proc/$pid/comm ] || read -r program </proc/$pid/comm
echo "busy $program" ;;
esac
done </proc/locks
done
[ -z "$(ls /var/lib/dpkg/updates 2>/dev/null)" ] || echo interrupted
[ -z "$(find /etc/apt/sources.list /etc/apt/sources.list.d -type f -size +0 2>/dev/null)" ] || echo sources
echo end
