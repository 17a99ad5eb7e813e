#!/bin/sh
# Installs what the audit and the power cuts need of this machine, if it is not there.
set -eu
packages="qemu-system-x86 qemu-utils mmdebstrap debian-archive-keyring e2fsprogs xfsprogs fdisk mount nmap iproute2 curl openssh-client python3 python3-venv gcc libc6-dev"
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="${missing:-} $package"
done
if [ -n "${missing:-}" ]; then
    # All are named: apt would remove one that is there and of another version than what is missing wants.
    echo "installing:$missing"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages >/dev/null
fi
