//! A real sshd of our own on loopback, with keys and known_hosts in a folder that goes away with it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use pryvctl::model::{inventory::Login, secret::Secret};

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

pub struct Sshd {
    pub folder: Folder,
    pub port: u16,
    child: Child,
}

impl Sshd {
    /// Starts an sshd that lets root in with the key `id` of its folder. `options` are lines of sshd_config.
    pub fn start(options: &str) -> Self {
        let folder = Folder::new();
        for kind in ["ed25519", "rsa", "ecdsa"] {
            keygen(&folder.join(&format!("host_{kind}")), &["-t", kind]);
        }
        keygen(&folder.join("id"), &["-t", "ed25519"]);
        fs::copy(folder.join("id.pub"), folder.join("authorized")).unwrap();
        fs::create_dir_all("/run/sshd").unwrap();
        let port = free_port();
        let child = spawn(&folder, port, options);
        Self { folder, port, child }
    }

    /// A login that works, with the host's key in known_hosts.
    pub fn login(&self) -> Login {
        let known_hosts = self.folder.join("known_hosts");
        let key = fs::read_to_string(self.folder.join("host_ed25519.pub")).unwrap();
        fs::write(&known_hosts, format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
        login(self.port, vec![self.folder.join("id")], known_hosts)
    }

    /// Makes one more key that root may log in with.
    pub fn key(&self, name: &str, options: &[&str]) -> PathBuf {
        let file = self.folder.join(name);
        keygen(&file, options);
        let public = fs::read_to_string(file.with_extension("pub")).unwrap();
        let authorized = self.folder.join("authorized");
        let all = fs::read_to_string(&authorized).unwrap();
        fs::write(authorized, all + &public).unwrap();
        file
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn login(port: u16, identities: Vec<PathBuf>, known_hosts: PathBuf) -> Login {
    Login {
        host: "core-1".parse().unwrap(),
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port,
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

fn spawn(folder: &Folder, port: u16, options: &str) -> Child {
    let config = folder.join("sshd_config");
    let path = folder.0.display();
    let lines = format!(
        "Port {port}\nListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\n\
         PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         HostKey {path}/host_ed25519\nHostKey {path}/host_rsa\nHostKey {path}/host_ecdsa\n\
         AuthorizedKeysFile {path}/authorized\n{options}\n"
    );
    fs::write(&config, lines).unwrap();
    let mut sshd = Command::new("/usr/sbin/sshd");
    let mut child = sshd.args(["-D", "-e", "-f"]).arg(&config).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Server listening") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "sshd did not start");
    }
    // sshd must be able to go on logging.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    child
}
