command -v apt-get >/dev/null || exit 44
LC_ALL=C
export LC_ALL
now=$(stat -c %Y /var/lib/apt/lists /var/lib/dpkg/status /etc/apt/preferences.d | tr '\n' '-')
echo "state $now"
[ "$now" = "$known" ] && echo same && exit
said=$(apt-get -s -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= upgrade --with-new-pkgs) || exit 1
printf '%s\n' "$said" |
awk '/^Inst [^ ]+ \[.*( Debian-Security:|-security[, ])/ { print "package", $2 }'
echo end
