flush() {
set -- @FILES@
for file; do
if [ -e "$file" ]; then sync "$file" || return 1; fi
if [ -d "${file%/*}" ]; then sync "${file%/*}/" || return 1; fi
done
}
