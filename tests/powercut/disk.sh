# Makes the disk of a machine: $1 is the cache's folder, $2 the file system, $3 the folder of what is handed in.
set -eu
cache=$1 kind=$2 handed=$3
packages=systemd-sysv,dbus,libpam-systemd,linux-image-cloud-amd64,openssh-server,nftables,curl,sudo,iproute2,xfsprogs
root=$cache/root
if [ ! -e "$root.made" ]; then
    rm -rf "$root"
    mmdebstrap --mode=root --variant=important --format=directory --include=$packages --aptopt="$handed/apt.conf" \
        --setup-hook='mkdir -p "$1/etc/apt/auth.conf.d"' bookworm "$root" "$handed/sources.list" >/dev/null
    # The one network card, and root's key; host keys are the image's own, so that every copy of it is the same host.
    printf '[Match]\nType=ether\n[Network]\nAddress=10.77.0.11/24\nAddress=fd77::11/64\n' > "$root/etc/systemd/network/10.network"
    systemctl --root="$root" enable systemd-networkd >/dev/null 2>&1
    echo cut > "$root/etc/hostname"
    printf '127.0.0.1 localhost cut\n::1 localhost ip6-localhost\n' > "$root/etc/hosts"
    printf '/dev/vda / auto defaults 0 1\n' > "$root/etc/fstab"
    install -d -m 700 "$root/root/.ssh"
    install -m 600 "$handed/authorized_keys" "$root/root/.ssh/authorized_keys"
    # Something that anybody may reach as long as no firewall stands.
    cat > "$root/etc/systemd/system/open.service" <<'END'
[Service]
ExecStart=/usr/bin/perl -MIO::Socket::IP -e 'my $s = IO::Socket::IP->new(LocalPort => 5432, Listen => 9, V6Only => 0, LocalHost => "::") or die; while (my $c = $s->accept) { close $c }'
[Install]
WantedBy=multi-user.target
END
    chroot "$root" systemctl enable open.service >/dev/null 2>&1
    sed -i 's/^#*PasswordAuthentication .*/PasswordAuthentication yes/' "$root/etc/ssh/sshd_config"
    chroot "$root" ssh-keygen -A >/dev/null
    cp -L "$root/vmlinuz" "$root/initrd.img" "$cache"
    : > "$root.made"
fi
truncate -s 3G "$cache/$kind.new"
case $kind in
ext4) mkfs.ext4 -q "$cache/$kind.new" ;;
xfs) mkfs.xfs -q "$cache/$kind.new" ;;
esac
mkdir -p "$cache/mnt"
mount -o loop "$cache/$kind.new" "$cache/mnt"
trap 'umount "$cache/mnt"' EXIT
cp -a "$root/." "$cache/mnt"
umount "$cache/mnt"
trap - EXIT
mv "$cache/$kind.new" "$cache/$kind.raw"
