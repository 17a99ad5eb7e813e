command -v nft >/dev/null || exit 44
tables=$(nft list tables) || exit 1
printf '%s\n' "$tables" | while read -r _ family name; do
case $family:$name in inet:pryvctl*) nft -j -s list table inet "$name" || exit 1; echo ;; esac
done
