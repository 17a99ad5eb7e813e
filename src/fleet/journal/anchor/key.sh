set -- $SSH_CONNECTION
key=$(journalctl -q -r -o cat --since=-1day _UID=0 _COMM=sshd _COMM=sshd-session 2>/dev/null |
    sed -n "s|^Accepted publickey for [^ ]* from $1 port $2 ssh2: [^ ]* \\(SHA256:[A-Za-z0-9+/]*\\).*|\\1|p" | head -n 1) || true
