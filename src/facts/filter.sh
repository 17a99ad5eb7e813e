command -v nft >/dev/null || exit 44
chains=$(nft list chains) || exit 1
printf '%s\n' "$chains" | while read -r first second third fourth _; do
case $first:$second:$third:$fourth in
table:inet:pryvctl*) table= ;;
table:ip:*|table:ip6:*|table:inet:*) table="$second $third" ;;
table:*) table= ;;
type:filter:hook:forward|type:filter:hook:input) [ ! "$table" ] || echo "$table" ;;
esac
done | sort -u | { total=0; while read -r family name; do
rules=$(nft -j -t list table "$family" "$name") || exit 1
rules=$(printf '%s\n' "$rules" | sed -E 's/\]\}$/\n]}/; s/, (\{"(rule|chain)": \{)/\n\1/g' |
grep -vE '^\{"rule": .*\{"match": \{"op": "==", "left": \{"payload": \{"protocol": "ip6?", "field": "saddr"\}\}, "right": "[0-9a-f:.]+"\}\}' |
awk 'NR > 1 && $0 != "]}" { printf ", " } { printf "%s", $0 }')
total=$((total + ${#rules}))
[ $total -le 1048576 ] || { echo "the rules of table $family $name are too many to be looked at" >&2; exit 1; }
printf '%s\n' "$rules"
done; }
