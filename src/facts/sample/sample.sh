# Counters of the kernel and of Docker, once for each line of standard input. A sample ends with a line of its own.
# One grep for all files of the kernel: each line comes with the name of its file, and a file that is not there is left out.
# Control groups are looked for as systemd and as Docker itself makes them, of version 2 and of version 1.
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
of_kernel() {
    grep -sHE '^( *[0-9]|cpu |(pswpin|pswpout|oom_kill) |some |full |usage_usec | *[^ :]+: *[0-9])' \
        /proc/loadavg /proc/uptime /proc/stat /proc/vmstat /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io \
        /proc/diskstats /proc/net/dev \
        /sys/fs/cgroup/system.slice/docker-*.scope/cpu.stat /sys/fs/cgroup/system.slice/docker-*.scope/memory.current \
        /sys/fs/cgroup/docker/*/cpu.stat /sys/fs/cgroup/docker/*/memory.current \
        /sys/fs/cgroup/cpuacct/system.slice/docker-*.scope/cpuacct.usage /sys/fs/cgroup/cpuacct/docker/*/cpuacct.usage \
        /sys/fs/cgroup/memory/system.slice/docker-*.scope/memory.usage_in_bytes \
        /sys/fs/cgroup/memory/docker/*/memory.usage_in_bytes
    grep -sHE '^(Mem(Total|Free|Available)|Swap(Total|Free)):' /proc/meminfo
}
# A Docker that does not run is not asked: its socket would start it.
runs() {
    pid=
    read -r pid </run/docker.pid || [ -n "$pid" ] && [ -d "/proc/$pid" ]
}
# Docker counts restarts of a container only where that one is asked for: this is done for those that began a moment ago.
of_docker() {
    listed=$(api "$containers")
    printf 'docker:%s\n' "$listed"
    printf %s "$listed" | awk -v 'RS="Id":"' '/"Status":"(Restarting|Up [^"]*second)/ { print substr($0, 1, 64) }' |
        grep -xE '[0-9a-f]{64}' | while read -r id; do
        count=$(api "/containers/$id/json" | grep -oE '"RestartCount":[0-9]+') && echo "restarts:$id ${count#*:}"
    done
}
while read -r _; do
    of_kernel
    df -l -B1 --output=fstype,size,avail,itotal,iavail,target -x tmpfs -x devtmpfs -x overlay -x squashfs | sed 's/^/df:/'
    if runs; then of_docker; fi
    echo end
done 2>/dev/null
