# PID 1 of a lab host, until systemd takes its place.
mount --make-rshared /

# systemd and the inner engine make control groups of their own.
mount -o remount,bind,rw /sys/fs/cgroup
for hierarchy in $(awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts); do
    mount -o remount,bind,rw "$hierarchy"
done

# These settings of the kernel are one for all containers and the machine: a host that is hardened in the lab sets its
# own copy. What belongs to a network namespace is real.
copy=/run/sysctl-of-this-host
mkdir "$copy"
cd /proc/sys
cp -r dev fs kernel vm "$copy" 2> /dev/null
cat kernel/random/uuid > "$copy/kernel/random/boot_id"
mount --bind kernel/random/uuid "$copy/kernel/random/uuid"
for area in dev fs kernel vm; do
    mount --rbind "$copy/$area" "/proc/sys/$area"
done
cd /

# systemd 256 and later refuse the first version of control groups unless told that it is meant.
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    exec /sbin/init
fi
# Nobody tells the systemd of a container that the last process of such a group is gone. It may wait minutes for a user's
# manager that has ended, and with it the next login of that user: none is started.
mkdir -p /run/systemd/system
ln -s /dev/null /run/systemd/system/user@.service
export SYSTEMD_PROC_CMDLINE='SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 systemd.unified_cgroup_hierarchy=0'
exec /sbin/init
