# Gives the registry its certificate and its password. The values are set above; all of it lives in memory.
set -eu
umask 077
[ -e /run/registry/ready ] && exit
mkdir -p /run/registry
cd /run/registry
printf %s "$CERTIFICATE" > tls.pem
printf %s "$KEY" > tls.key
printf %s "$PASSWORD" | htpasswd -niB "$USER_NAME" > htpasswd
common='version: 0.1
log: { level: warn }
storage:
  filesystem: { rootdirectory: /var/lib/docker-registry }
  delete: { enabled: true }
auth: { htpasswd: { realm: lab, path: /run/registry/htpasswd } }'
printf '%s\nhttp: { addr: ":5000", tls: { certificate: /run/registry/tls.pem, key: /run/registry/tls.key } }\n' "$common" > tls.yml
printf '%s\nhttp: { addr: ":5001" }\n' "$common" > push.yml
: > ready
