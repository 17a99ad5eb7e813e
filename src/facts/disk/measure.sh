printf '%s\n' "$path"
while [ ! -e "$path" ]; do path=${path%/*}; path=${path:-/}; done
stat -c %m -- "$path" && stat -f -c '%T|%S %b %a %c %d' -- "$path"
