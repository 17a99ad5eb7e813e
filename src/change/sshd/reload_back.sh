mkdir -p -m 755 /run/sshd && /usr/sbin/sshd -t && {
[ "$(systemctl show -p MainPID --value ssh)" = 0 ] || systemctl reload ssh
}
