# Takes the lock, says so, and holds it while our input comes. Set before: owner, life, orphan.
#
# The folder is root's alone. `read` ends at the end of our input; `timeout` ends it when the controller has vanished
# without a word, which sshd would notice only hours later. The age of `lock` says when the holder was last heard: one
# that has missed two beats of 4 s is waited for, because it is either back soon or gone. The first two seconds are for a
# holder that was killed just now, whose session is being cleared away.
umask 077
mkdir -p -m 700 /run/pryvctl && cd /run/pryvctl && exec 9>>lock || exit 1
silent() { [ $(($(date +%s) - $(stat -c %Y lock))) -gt 8 ]; }
if ! flock -w 2 9 && ! { silent && flock -w "$life" 9; }; then
    echo busy
    cat lock
    exit
fi

# What still runs of a run is waited for, but for its streams to Docker: they last as long as its connection.
words() { tr '\0' ' ' <"/proc/$1/cmdline"; }
holders() { find /proc/[0-9]*/fd -lname /run/pryvctl/work | cut -d/ -f3 | sort -u; }
hang_up() {
    for pid in $(holders); do
        case $(words "$pid") in 'docker system dial-stdio'*) kill "$pid" ;; esac
    done
}
trap 'rm -f token; hang_up 2>/dev/null' EXIT
trap exit HUP INT PIPE TERM

# The new token fences off the holder before.
printf '%s\n' "$owner" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >lock
before=
[ ! -e last ] || read -r before <last
read -r token </proc/sys/kernel/random/uuid && echo "$token" >last && cp last token && : >>work || exit 1

# The first process below a script that is not the script's own shell says most.
running() {
    for pid in $(holders); do
        own=$(words "$pid") child=$pid
        while [ "$(words "$child")" = "$own" ]; do
            below=
            read -r below _ <"/proc/$child/task/$child/children"
            [ -n "$below" ] || break
            child=$below
        done
        echo "$(words "$child")(process $child)" | tail -n 1
    done
}
if ! flock -n work true; then
    echo waiting
    end=$(($(date +%s) + orphan))
    until hang_up 2>/dev/null; flock -w 1 work true; do
        [ "$(date +%s)" -lt "$end" ] || { echo running; running 2>/dev/null; exit; }
    done
fi

printf '%s\n' held "$token" "$before" .
while timeout "$life" sh -c 'read -r beat'; do touch lock; done
