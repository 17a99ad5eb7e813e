//! The lab on the real local engine: these tests fail where there is none.

mod fleet {
    use std::{
        collections::BTreeSet,
        process::{Command, Output},
    };

    use pryvctl::{
        lab::{self, Images, Lab},
        model::inventory::Inventory,
    };

    const INVENTORY: &str = r"
platform: lab-test
domain: pryv.example.org
admin_networks: [192.0.2.0/24]
registry: { address: registry.example.org:5000 }
secrets: { token: { env: NOBODY_SETS_THIS } }
zones: { ch: {} }
hosts:
  d12: { address: 192.0.2.11, zone: ch, roles: [core] }
  d13: { address: 192.0.2.12, address6: '2001:db8::12', zone: ch, roles: [core], lab: { image: debian13 } }
  bare: { address: 192.0.2.13, zone: ch, roles: [core], lab: { bare: true } }
";

    /// Takes the lab down also when a check fails.
    struct Down(String);

    impl Drop for Down {
        fn drop(&mut self) {
            let name = self.0.clone();
            let down = async move { lab::down(&name, Images::Keep).await };
            let runtime = || tokio::runtime::Runtime::new().unwrap();
            std::thread::spawn(move || runtime().block_on(down)).join().unwrap().unwrap();
        }
    }

    fn run(program: &str, args: &[&str]) -> Output {
        Command::new(program).args(args).output().unwrap()
    }

    fn text(output: &Output) -> String {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The system's own client, with the lab's key and known_hosts, and nothing of the user's.
    fn ssh(lab: &Lab, login: &str, host: &str, script: &str) -> Output {
        let at = lab.hosts[&host.parse().unwrap()].v4;
        let key = lab.folder.path("id_ed25519");
        let known = format!("UserKnownHostsFile={}", lab.folder.path("known_hosts").display());
        let strict = ["-F", "none", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", &known];
        let rest = [
            "-o",
            "GlobalKnownHostsFile=none",
            "-i",
            key.to_str().unwrap(),
            &format!("{login}@{at}"),
            script,
        ];
        run("ssh", &[&strict[..], &rest].concat())
    }

    fn root(lab: &Lab, host: &str, script: &str) -> String {
        let output = ssh(lab, "root", host, script);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{host}: {script}\n{}\n{errors}", text(&output));
        text(&output)
    }

    /// What is there of a lab: containers with their time of start, volumes, networks.
    fn traces(name: &str) -> BTreeSet<String> {
        let label = format!("label=pryvctl.lab={name}");
        let containers = text(&run("docker", &["ps", "-aq", "--no-trunc", "--filter", &label]));
        let started =
            |id: &str| text(&run("docker", &["inspect", "-f", "{{.Name}} {{.Id}} {{.State.StartedAt}}", id]));
        let mut found: BTreeSet<String> = containers.lines().map(started).collect();
        found.extend(
            text(&run("docker", &["volume", "ls", "-q", "--filter", &label])).lines().map(str::to_owned),
        );
        found.extend(
            text(&run("docker", &["network", "ls", "-q", "--filter", &label])).lines().map(str::to_owned),
        );
        found
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_lab_serves_twice_is_once_and_down_leaves_nothing() {
        let name = format!("test-{}", std::process::id());
        let inventory: Inventory = serde_saphyr::from_str(INVENTORY).unwrap();
        let down = Down(name.clone());
        let lab = lab::up(&inventory, &name, &|line| println!("{line}")).await.unwrap();

        for (host, release) in [("d12", "12"), ("d13", "13"), ("bare", "12")] {
            assert_eq!(
                root(&lab, host, "hostname; . /etc/os-release; echo $VERSION_ID"),
                format!("{host}\n{release}")
            );
            let state = text(&ssh(&lab, "root", host, "systemctl is-system-running"));
            assert!(["running", "degraded"].contains(&state.as_str()), "{host} is {state}");
        }
        users_are_as_on_a_real_host(&lab);
        hosts_are_their_own(&lab);
        docker_is_where_it_should_be(&lab);
        packages_can_be_installed(&lab);
        the_registry_wants_its_password(&lab);

        let before = (traces(&name), lab.folder.path("known_hosts").metadata().unwrap().len());
        let again = lab::up(&inventory, &name, &|_| ()).await.unwrap();
        let after = (traces(&name), again.folder.path("known_hosts").metadata().unwrap().len());
        assert_eq!((after, &again), (before, &lab));
        what_was_lost_comes_back(&inventory, &lab).await;
        the_inventory_is_rehearsed(inventory, &lab);

        assert!(lab::list().await.unwrap().contains(&name));
        drop(down);
        assert_eq!(traces(&name), BTreeSet::new());
        assert!(!lab.folder.path("").exists());
        assert!(!lab::list().await.unwrap().contains(&name));
    }

    fn users_are_as_on_a_real_host(lab: &Lab) {
        assert!(!ssh(lab, "admin", "d12", "sudo -n true").status.success(), "sudo asks for a password");
        let password = std::fs::read_to_string(lab.folder.path("secrets/sudo")).unwrap();
        let with = format!("echo {} | sudo -S -p '' id -un", password.trim());
        assert_eq!(text(&ssh(lab, "admin", "d12", &with)), "root");
        let without = format!("echo {} | sudo -S -p '' id -un", password.trim());
        assert!(!ssh(lab, "nosudo", "d12", &without).status.success());
        assert_eq!(text(&ssh(lab, "nosudo", "d12", "id -un")), "nosudo");
    }

    fn hosts_are_their_own(lab: &Lab) {
        let key =
            |host| root(lab, host, "cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub; cat /etc/machine-id");
        assert_ne!(key("d12"), key("bare"));
        // A setting of the kernel that a host makes is not the machine's.
        let setting = "/proc/sys/kernel/panic";
        let ours = std::fs::read_to_string(setting).unwrap();
        assert_eq!(root(lab, "d12", &format!("sysctl -qw kernel.panic=77; cat {setting}")), "77");
        assert_eq!(std::fs::read_to_string(setting).unwrap(), ours);
        assert_ne!(root(lab, "d13", &format!("cat {setting}")), "77");
        assert_eq!(
            root(
                lab,
                "d12",
                "nft add table inet probe && nft list tables | grep -c probe; nft delete table inet probe"
            ),
            "1"
        );
    }

    fn docker_is_where_it_should_be(lab: &Lab) {
        for host in ["d12", "d13"] {
            assert_ne!(root(lab, host, "docker version --format '{{.Server.Version}}'"), "");
        }
        assert_eq!(root(lab, "bare", "command -v docker dockerd || echo none"), "none");
    }

    fn packages_can_be_installed(lab: &Lab) {
        root(
            lab,
            "bare",
            "apt-get -qq update && apt-get -qq install -y --no-install-recommends jq >/dev/null",
        );
        assert_eq!(root(lab, "bare", "echo '{\"a\":1}' | jq .a"), "1");
    }

    fn the_registry_wants_its_password(lab: &Lab) {
        let ca = std::fs::read_to_string(lab.folder.path("ca.pem")).unwrap();
        root(lab, "d13", &format!("cat > /tmp/ca.pem <<'END'\n{ca}END"));
        let (name, ip) = (format!("registry.{}.test", lab.name), lab.network.registry().v4);
        let password = std::fs::read_to_string(lab.folder.path("secrets/registry")).unwrap();
        let ask = |credentials: &str| {
            let curl = "curl -s -o /dev/null -w '%{http_code}' --cacert /tmp/ca.pem";
            root(
                lab,
                "d13",
                &format!("{curl} {credentials} --resolve {name}:5000:{ip} https://{name}:5000/v2/"),
            )
        };
        assert_eq!(ask(""), "401");
        assert_eq!(ask(&format!("-u lab:{}", password.trim())), "200");
        assert_eq!(ask("-u lab:wrong"), "401");
    }

    async fn what_was_lost_comes_back(inventory: &Inventory, lab: &Lab) {
        let container = |host: &str| format!("pryvctl-lab-{}-{host}", lab.name);
        let id = |host: &str| text(&run("docker", &["inspect", "-f", "{{.Id}}", &container(host)]));
        let (stopped, removed) = (id("d13"), id("bare"));
        assert!(run("docker", &["stop", &container("d13"), &container("registry")]).status.success());
        assert!(run("docker", &["rm", "-f", &container("bare")]).status.success());
        lab::up(inventory, &lab.name, &|_| ()).await.unwrap();
        assert_eq!(id("d13"), stopped);
        assert_ne!(id("bare"), removed);
        for host in ["d13", "bare"] {
            assert_eq!(root(lab, host, "hostname"), host);
        }
        the_registry_wants_its_password(lab);
        let states = lab::status(&lab.name).await.unwrap();
        assert!(states.iter().all(|host| host.state.as_deref() == Some("running")), "{states:?}");
    }

    fn the_inventory_is_rehearsed(mut inventory: Inventory, lab: &Lab) {
        let span = inventory.hosts[&"d13".parse().unwrap()].address.referenced;
        lab::overlay(&mut inventory, lab, lab::Secrets::MadeUp).unwrap();
        let (host, at) = (&inventory.hosts[&"d13".parse().unwrap()], lab.hosts[&"d13".parse().unwrap()]);
        assert_eq!((host.address.value, host.address.referenced), (at.v4.into(), span));
        assert_eq!(host.address6.as_ref().unwrap().value, std::net::IpAddr::from(at.v6));
        let admins: Vec<String> = inventory.admin_networks.iter().map(|net| net.value.to_string()).collect();
        let gateway = lab.network.gateway();
        assert_eq!(admins, [format!("{}/32", gateway.v4), format!("{}/128", gateway.v6)]);
        let registry = inventory.registry.unwrap();
        assert_eq!(registry.address, format!("registry.{}.test:5000", lab.name));
        let token = format!("{:?}", inventory.secrets["token"]);
        assert!(token.contains("secrets/of-inventory/token"), "{token}");
    }
}
