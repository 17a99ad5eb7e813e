#!/bin/sh
# Builds the Debian package in target/debian: a static binary, its manual pages and completions. lintian has the last word.
set -eu
cd "$(dirname "$0")/.."

target="$(uname -m)-unknown-linux-musl"
parts=target/package
binary="target/$target/release/pryvctl"

tests/packages.sh musl-tools lintian binutils
rustup target list --installed | grep -qx "$target" || rustup target add "$target"
cargo deb --version >/dev/null 2>&1 || cargo install cargo-deb --locked --version 3.8.0

cargo build --release --locked --target "$target"
if readelf --dynamic "$binary" | grep NEEDED; then
    echo "the binary is not static" >&2
    exit 1
fi

rm -rf "$parts" target/debian
mkdir -p "$parts"
"$binary" man "$parts/man"
for shell in bash zsh fish; do
    "$binary" completions "$shell" >"$parts/completions.$shell"
done
maintainer=$(git log -1 --format='%an <%ae>')
version=$("$binary" --version | cut -d ' ' -f 2)
cat >"$parts/changelog" <<CHANGES
pryvctl ($version-1) unstable; urgency=medium

  * What changed is in /usr/share/doc/pryvctl/CHANGELOG.md.

 -- $maintainer  $(git log -1 --format=%aD)
CHANGES

cargo deb --no-build --locked --target "$target" --maintainer "$maintainer" --output target/debian
lintian --fail-on error target/debian/*.deb
echo "the package: $(ls target/debian/*.deb)"
