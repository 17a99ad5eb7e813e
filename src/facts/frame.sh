LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
read -r mark </proc/sys/kernel/random/uuid || exit 1
exec 3>&1 </dev/null
answer() {
printf '%s ask %s\n' "$mark" "$1"
complaint=$(question 2>&1 >&3 3>&-)
code=$?
printf '\n%s err\n%s\n%s end %s\n' "$mark" "$complaint" "$mark" "$code"
}
