state() {
set -- @FILES@
for file; do
if [ -e "$file" ]; then sha256sum < "$file"; stat -L -c '%a %u:%g' "$file"; else echo none; fi
done
}
