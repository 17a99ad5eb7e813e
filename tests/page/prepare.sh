#!/bin/sh
# Brings what drives the page in a browser, Debian's Chromium and two packages of npm beside this file, and promtool.
set -eu
cd "$(dirname "$0")"
missing=
for package in chromium nodejs npm; do
    command -v "${package%js}" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
    apt-get update -qq
    # shellcheck disable=SC2086 # names of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core
fi
if ! command -v promtool >/dev/null 2>&1; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus
fi
npm ci --silent --no-audit --no-fund
