mkdir -p -m 755 /run/sshd && /usr/sbin/sshd -t && {
pid=$(systemctl show -p MainPID --value ssh)
sockets() { readlink /proc/"$pid"/fd/* | sed -n 's/^socket:.\([0-9]*\).$/\1/p' | sort; }
# Of its sockets those that listen (state 0A); while it starts anew it has none.
listening() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" {print $10}' | grep -xF "$(sockets)"; }
[ "${pid:-0}" = 0 ] || {
before=$(listening)
systemctl reload ssh && for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
now=$(listening) && [ "$now" != "$before" ] && break
sleep 0.2
done
}
}
