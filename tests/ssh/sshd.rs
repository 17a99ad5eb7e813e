//! A real sshd on loopback in a world of its own: users, sudoers, /root and /run of a private mount namespace, processes
//! of a private process namespace. Nothing of it is left on this machine when the test ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use pryvctl::model::{inventory::Login, secret::Secret};

/// `$1` is the test's folder. `ann` has sudo, `ben` has sudo with the password `open sesame`, `cat` has none, `dan`
/// would need a terminal.
const WORLD: &str = r#"
set -e
mkdir "$1/world" && mount -t tmpfs tmpfs "$1/world" && cd "$1/world"
mkdir etc work run && mount -t overlay overlay -o "lowerdir=/etc,upperdir=$PWD/etc,workdir=$PWD/work" /etc
touch docker.sock && mount --bind /run/docker.sock docker.sock
mount --bind run /run && mkdir /run/sshd && touch /run/docker.sock && mount --move docker.sock /run/docker.sock
mount -t tmpfs tmpfs /root
for user in ann ben cat dan; do useradd -M -d / -s /bin/sh "$user"; done
printf '%s:open sesame\n' ann ben cat dan | chpasswd -c SHA256
printf '%s\n' 'ann ALL=(ALL) NOPASSWD: ALL' 'ben ALL=(ALL) ALL' 'dan ALL=(ALL) NOPASSWD: ALL' \
    'Defaults:dan requiretty' 'Defaults use_pty' >/etc/sudoers.d/world
chmod 440 /etc/sudoers.d/world
cd "$1"
exec /usr/sbin/sshd -D -e -f "$1/sshd_config"
"#;

pub struct Sshd {
    pub folder: Folder,
    pub port: u16,
    log: Arc<Mutex<String>>,
    child: Child,
}

impl Sshd {
    /// Starts an sshd that lets in with the key `id` of its folder. `options` are lines of sshd_config.
    pub fn start(options: &str) -> Self {
        Self::start_at(free_port(), options)
    }

    /// Starts another host at an address where one was before.
    pub fn start_at(port: u16, options: &str) -> Self {
        let folder = Folder::new();
        for (kind, bits) in [("ed25519", "256"), ("rsa", "2048"), ("ecdsa", "256")] {
            keygen(&folder.join(&format!("host_{kind}")), &["-t", kind, "-b", bits]);
        }
        keygen(&folder.join("id"), &["-t", "ed25519"]);
        fs::copy(folder.join("id.pub"), folder.join("authorized")).unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let child = spawn(&folder, port, options, &log);
        Self { folder, port, log, child }
    }

    /// A login as root that works, with the host's key in known_hosts.
    pub fn login(&self) -> Login {
        let known_hosts = self.folder.join("known_hosts");
        let key = fs::read_to_string(self.folder.join("host_ed25519.pub")).unwrap();
        fs::write(&known_hosts, format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
        login(self.port, vec![self.folder.join("id")], known_hosts)
    }

    /// A login as one of the users.
    pub fn user(&self, user: &str) -> Login {
        Login { user: user.to_owned(), ..self.login() }
    }

    /// Makes one more key that may log in.
    pub fn key(&self, name: &str, options: &[&str]) -> PathBuf {
        let file = self.folder.join(name);
        keygen(&file, options);
        let public = fs::read_to_string(file.with_extension("pub")).unwrap();
        let authorized = self.folder.join("authorized");
        let all = fs::read_to_string(&authorized).unwrap();
        fs::write(authorized, all + &public).unwrap();
        file
    }

    /// What sshd has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Ends sshd, its sessions and all they run, as a power failure would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A login as root on loopback.
pub fn login(port: u16, identities: Vec<PathBuf>, known_hosts: PathBuf) -> Login {
    Login {
        host: "core-1".parse().unwrap(),
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        address6: None,
        port,
        initial_port: None,
        user: "root".to_owned(),
        identities,
        passphrase: None,
        sudo_password: None,
        known_hosts,
        host_key: None,
        accept_new: false,
    }
}

/// Makes a key pair; without `-N` among the options it is not encrypted.
pub fn keygen(file: &Path, options: &[&str]) {
    let plain: &[&str] = if options.contains(&"-N") { &[] } else { &["-N", ""] };
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-f"]).arg(file).args(options).args(plain);
    assert!(keygen.status().unwrap().success());
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn secret(text: &str) -> Option<Secret> {
    Some(Secret::new(text))
}

fn spawn(folder: &Folder, port: u16, options: &str, log: &Arc<Mutex<String>>) -> Child {
    let path = folder.0.display();
    let lines = format!(
        "{options}\nPort {port}\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\n\
         PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         HostKey {path}/host_ed25519\nHostKey {path}/host_rsa\nHostKey {path}/host_ecdsa\n\
         AuthorizedKeysFile {path}/authorized\nLogLevel VERBOSE\n"
    );
    fs::write(folder.join("sshd_config"), lines).unwrap();
    let mut world = Command::new("unshare");
    world.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", WORLD, "world"]);
    let mut child = world.arg(&folder.0).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let started = lines.by_ref().inspect(|line| add(log, line)).any(|line| line.contains("Server listening"));
    assert!(started, "sshd did not start: {}", log.lock().unwrap());
    let log = log.clone();
    std::thread::spawn(move || lines.for_each(|line| add(&log, &line)));
    child
}

fn add(log: &Mutex<String>, line: &str) {
    let mut log = log.lock().unwrap();
    log.push_str(line);
    log.push('\n');
}

/// A folder under the temporary folder, removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("pryvctl-ssh-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
