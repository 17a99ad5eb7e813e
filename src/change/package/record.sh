comes=$(LC_ALL=C apt-get -s install --no-remove --no-install-recommends @NAMES@ | sed -n 's/^Inst \([^ ]*\) (.*/\1/p' | LC_ALL=C sort | tr '\n' ' ')
[ "${comes% }" = "$coming" ] || { echo 'what apt would install@SAYS@' >&2; exit $changed; }
mkdir -p -m 700 @ORIGINALS@ && touch @ORIGINALS@/index || exit 1
for name in $coming; do
grep -qxF "package $name" @ORIGINALS@/index || echo "package $name" >> @ORIGINALS@/index || exit 1
done
sync @ORIGINALS@/index @ORIGINALS@ || exit 1
