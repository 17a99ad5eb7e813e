//! Files of the system that controls write in.

/// sshd's main configuration.
pub const SSHD_CONFIG: &str = "/etc/ssh/sshd_config";
/// Our part of sshd's configuration; its name comes first because in sshd the first value wins.
pub const SSHD_DROP_IN: &str = "/etc/ssh/sshd_config.d/00-pryvctl.conf";
/// The Docker daemon's configuration.
pub const DAEMON_JSON: &str = "/etc/docker/daemon.json";
/// Our kernel parameters; the name sorts last because the last value wins.
pub const SYSCTL: &str = "/etc/sysctl.d/zz-pryvctl.conf";
/// Our kernel modules that are never loaded.
pub const MODPROBE: &str = "/etc/modprobe.d/pryvctl.conf";
/// Our audit rules.
pub const AUDIT_RULES: &str = "/etc/audit/rules.d/50-pryvctl.rules";
/// Units, and files beside those of others, that count above the distribution's.
pub const UNITS: &str = "/etc/systemd/system";
/// What is mounted at boot.
pub const FSTAB: &str = "/etc/fstab";

/// How a file of ours begins that may hold comments.
pub const HEADER: &str = "# Written by pryvctl; changes are overwritten.\n";
