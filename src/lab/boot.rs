//! One lab host: a container with systemd as PID 1 that is told apart from a VM only by looking closely.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{
    HOST_LABEL, IMAGE_LABEL, LABEL,
    apt::Apt,
    engine::{Docker, Standing, said},
    error::LabError,
    image::Image,
    network::Addresses,
};
use crate::model::{command::quote, inventory::LabHost, name::HostName};

/// What runs until systemd does.
const INIT: &str = include_str!("files/init.sh");
/// What runs once it does.
const ARRANGE: &str = include_str!("files/arrange.sh");
/// Long enough for eight hosts that boot at once on two cores. Seconds.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks at a systemd that has not opened its socket yet. Milliseconds.
const RETRY: Duration = Duration::from_millis(100);
/// What systemd, nftables and an engine need inside a container. SYS_RESOURCE is left out, because not every machine
/// has it to give.
const RIGHTS: [&str; 14] = [
    "--cap-add=ALL",
    "--cap-drop=SYS_RESOURCE",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--security-opt=systempaths=unconfined",
    "--device-cgroup-rule=a *:* rwm",
    "--cgroupns=private",
    "--pids-limit=-1",
    "--tmpfs=/run:exec",
    "--tmpfs=/run/lock",
    "--tmpfs=/tmp:exec",
    "--env=container=docker",
    "--stop-signal=SIGRTMIN+3",
    "--sysctl=net.ipv6.conf.all.disable_ipv6=0",
];

/// One host to boot, and what it is told.
pub(super) struct Boot<'a> {
    pub docker: &'a Docker,
    pub lab: &'a str,
    pub network: &'a str,
    pub host: &'a HostName,
    pub kind: LabHost,
    pub addresses: Addresses,
    pub apt: &'a Apt,
    pub public_key: &'a str,
    pub sudo_password: &'a str,
}

impl Boot<'_> {
    /// Makes the host if it is missing, starts it if it stands still, waits until it serves; gives its public keys.
    pub(super) async fn ensure(&self) -> Result<Vec<String>, LabError> {
        let container = format!("{}-{}", self.network, self.host);
        self.leave_another_image(&container).await?;
        match self.docker.look(&container).await? {
            Standing::Running => (),
            Standing::Stopped => self.docker.run(&["start", &container]).await.map(drop)?,
            Standing::Missing => self.run(&container).await?,
        }
        self.until_booted(&container).await?;
        let script = self.arrangement();
        self.docker.feed(&["exec", "--interactive", &container, "sh"], script.as_bytes()).await?;
        self.until_serving(&container).await?;
        let keys =
            self.docker.run(&["exec", &container, "sh", "-c", "cat /etc/ssh/ssh_host_*_key.pub"]).await?;
        Ok(keys.lines().map(str::to_owned).collect())
    }

    /// Removes the host if the inventory asks for another distribution by now.
    async fn leave_another_image(&self, container: &str) -> Result<(), LabError> {
        let look = format!("{{{{index .Config.Labels \"{IMAGE_LABEL}\"}}}}");
        let found = self.docker.ask(&["container", "inspect", "--format", &look, container], b"").await?;
        let had = String::from_utf8_lossy(&found.stdout);
        if !["", Image::Host(self.kind).tag()].contains(&had.trim()) {
            self.docker.run(&["rm", "--force", container]).await?;
            self.docker.run(&["volume", "rm", "--force", &format!("{container}-docker")]).await?;
        }
        Ok(())
    }

    async fn run(&self, container: &str) -> Result<(), LabError> {
        let volume = format!("{container}-docker");
        let label = format!("{LABEL}={}", self.lab);
        let host_label = format!("{HOST_LABEL}={}", self.host);
        let image = Image::Host(self.kind).tag();
        let image_label = format!("{IMAGE_LABEL}={image}");
        let mount = format!("{volume}:/var/lib/docker");
        let (v4, v6) = (self.addresses.v4.to_string(), self.addresses.v6.to_string());
        self.docker.run(&["volume", "create", "--label", &label, &volume]).await?;
        let ours = ["--label", &label, "--label", &host_label, "--label", &image_label, "--volume", &mount];
        let place = ["--hostname", self.host.as_str(), "--network", self.network, "--ip", &v4, "--ip6", &v6];
        let args = ["run", "--detach", "--name", container];
        let last = [image, "sh", "-c", INIT];
        self.docker.run(&[&args[..], &ours[..], &place[..], &RIGHTS[..], &last[..]].concat()).await.map(drop)
    }

    /// The values and the script that uses them, all on stdin: some of them are secrets.
    fn arrangement(&self) -> String {
        let values = [
            ("SOURCES", self.apt.sources(self.kind.image)),
            ("OPTIONS", self.apt.options.clone()),
            ("AUTH", self.apt.auth.clone()),
            ("KEY", format!("{}\n", self.public_key)),
            ("SUDO_PASSWORD", self.sudo_password.to_owned()),
        ];
        let lines = values.iter().map(|(name, value)| format!("{name}={}\n", quote(value)));
        lines.chain([ARRANGE.to_owned()]).collect()
    }

    /// Waits until systemd has nothing left to start; `--wait` is its event, the retry is for its first moments only.
    async fn until_booted(&self, container: &str) -> Result<(), LabError> {
        let waiting = async {
            loop {
                let args = ["exec", container, "systemctl", "is-system-running", "--wait"];
                let output = self.docker.ask(&args, b"").await?;
                let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                if ["running", "degraded"].contains(&state.as_str()) {
                    return Ok(());
                }
                if said(&output).contains("is not running") {
                    return Err(self.failure(container, "it stopped").await);
                }
                sleep(RETRY).await;
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(result) => result,
            Err(_) => Err(self.failure(container, "systemd is still starting").await),
        }
    }

    /// sshd and the engine tell systemd when they serve, so an active unit is one that answers.
    async fn until_serving(&self, container: &str) -> Result<(), LabError> {
        let units: &[&str] = if self.kind.bare { &["ssh"] } else { &["ssh", "docker"] };
        let args = [&["exec", container, "systemctl", "is-active"][..], units].concat();
        let output = self.docker.ask(&args, b"").await?;
        if output.status.success() {
            return Ok(());
        }
        let states = String::from_utf8_lossy(&output.stdout).replace('\n', " ");
        Err(self.failure(container, &format!("{} are {states}", units.join(" and "))).await)
    }

    async fn failure(&self, container: &str, what: &str) -> LabError {
        let journal =
            ["exec", container, "journalctl", "--priority", "warning", "--lines", "5", "--output", "cat"];
        let journal = self.docker.run(&journal).await;
        let console = self.docker.run(&["logs", "--tail", "5", container]).await;
        let last = journal.or(console).unwrap_or_default();
        LabError::Boot { host: self.host.clone(), said: format!("{what}\n{last}") }
    }
}
