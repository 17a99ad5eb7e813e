# Runs as mmdebstrap's last hook: $1 is the root of the new image, $2 the folder of what is handed in, $3 is said to the kernel.
set -eu
root=$1 handed=$2 boot=$3

# A network of two cards: the audited one has fixed addresses, the other leads to the package archive only.
mkdir -p "$root/etc/systemd/network"
cat > "$root/etc/systemd/network/10-audit.network" <<'END'
[Match]
MACAddress=52:54:00:77:00:11
[Network]
Address=10.77.0.11/24
Address=fd77::11/64
END
cat > "$root/etc/systemd/network/20-archive.network" <<'END'
[Match]
MACAddress=52:54:00:77:00:12
[Network]
DHCP=ipv4
LinkLocalAddressing=no
END
echo 'nameserver 10.0.2.3' > "$root/etc/resolv.conf"
echo audited > "$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 audited\n::1 localhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
echo 'LABEL=root / ext4 defaults 0 1' > "$root/etc/fstab"
systemctl --root="$root" enable systemd-networkd serial-getty@ttyS0 > /dev/null 2>&1

# A boot loader as a cloud image has it. What grub-install does is done by hand, as there is no disk yet; the menu is for
# the first boot, in which the machine writes its own. What follows ` -- ` goes to init, so ours comes last.
sed -i -e "s|^GRUB_CMDLINE_LINUX_DEFAULT=.*|GRUB_CMDLINE_LINUX_DEFAULT=\"$boot\"|" \
    -e 's|^GRUB_TIMEOUT=.*|GRUB_TIMEOUT=0|' "$root/etc/default/grub"
mkdir -p "$root/boot/grub/i386-pc"
cp "$root"/usr/lib/grub/i386-pc/*.mod "$root"/usr/lib/grub/i386-pc/*.lst "$root/usr/lib/grub/i386-pc/boot.img" "$root/boot/grub/i386-pc"
chroot "$root" grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2
cat > "$root/boot/grub/grub.cfg" <<END
linux /vmlinuz root=LABEL=root rw $boot
initrd /initrd.img
boot
END

# Root logs in with a key; host keys are the image's own, so that every copy of it is the same host.
install -d -m 700 "$root/root/.ssh"
install -m 600 "$handed/authorized_keys" "$root/root/.ssh/authorized_keys"
chroot "$root" ssh-keygen -A > /dev/null

# Packages come from where this machine takes them.
rm -f "$root"/etc/apt/sources.list.d/* "$root/etc/apt/apt.conf.d/99mmdebstrap"
cp "$handed/guest.sources.list" "$root/etc/apt/sources.list"
cp "$handed/guest.apt.conf" "$root/etc/apt/apt.conf.d/90audit"

# Auditors, and what the role's container is made of.
install -d "$root/opt/audit"
cp "$handed/content.xml" "$handed/serve.sh" "$root/opt/audit"
cp "$handed/lynis.deb" "$root/tmp/lynis.deb"
chroot "$root" dpkg -i /tmp/lynis.deb > /dev/null
rm "$root/tmp/lynis.deb"
# Daily work that was never done would be caught up with in the middle of a measurement.
rm -f "$root"/etc/systemd/system/timers.target.wants/lynis.timer
mkdir -p "$root/var/lib/systemd/timers"
for timer in "$root"/etc/systemd/system/timers.target.wants/*.timer; do
    touch "$root/var/lib/systemd/timers/stamp-$(basename "$timer")"
done
dpkg -x "$handed/busybox.deb" "$root/opt/audit/busybox"
