set -e; umask 077; mkdir -p files; touch index
[ -z "$(tail -c 1 index)" ] || { sed '$d' index >index.new; sync index.new; mv -f index.new index; }
end='
'; old="$end$(cat index)$end"; new=
known() { case "$old$new" in *"$end$1 $2$end"*|*"$end$1 $2 "*) ;; *) return 1;; esac; }
note() { new="$new$*$end"; }
keep_file() {
if known file "$1" || known absent "$1"; then return; fi
if [ ! -e "$1" ]; then keep_folder "${1%/*}"; note absent "$1"; return; fi
[ -d "files${1%/*}" ] || mkdir -p "files${1%/*}"
cp -pL "$1" "files$1.new"; mv -f "files$1.new" "files$1"; note file "$1"
}
keep_folder() { [ -e "$1" ] || { keep_folder "${1%/*}"; known folder "$1" || note folder "$1"; }; }
keep_sysctl() {
if known sysctl "$1" || [ ! -e "$2" ]; then return; fi
# The shell's own read takes one byte at a time, and a file of /proc/sys gives no second one.
key=$1; value=$(cat "$2"); set -f; set -- $value; set +f; note sysctl "$key" "$*"
}
keep_rights() {
case "$old$new" in *"${end}rights $1 "[0-7]*) return;; esac
! now=$(stat -L -c '%a %u %g' "$1" 2>/dev/null) || note rights "$1" "$now"
}
keep_brought() {
if known there "$1" || known absent "$1"; then return; fi
if [ -e "$1" ]; then note there "$1"; else note absent "$1"; fi
}
keep_control() { note control "$1"; }
keep_mount() { known mount "$1" || note mount "$1" "$(awk -v at="$1" '$2==at {options=$4} END {print options}' /proc/self/mounts)"; }
keep_unit() {
if known unit "$1"; then return; fi
enabled=$(systemctl is-enabled "$1" 2>/dev/null || true); active=$(systemctl is-active "$1" || true)
note unit "$1" "${enabled:-none} ${active:-none}"
}
