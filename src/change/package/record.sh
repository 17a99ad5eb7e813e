mkdir -p -m 700 @ORIGINALS@; touch @ORIGINALS@/index
for name in $(apt-get -s install --no-remove --no-install-recommends @NAMES@ | sed -n 's/^Inst \([^ ]*\) (.*/\1/p'); do
grep -qxF "package $name" @ORIGINALS@/index || echo "package $name" >> @ORIGINALS@/index
done
sync @ORIGINALS@/index @ORIGINALS@
