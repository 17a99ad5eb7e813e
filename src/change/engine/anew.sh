systemctl stop docker.socket docker.service
rm -f /run/docker.sock
systemctl reset-failed docker.socket docker.service 2>/dev/null || true
systemctl start docker.socket docker.service
