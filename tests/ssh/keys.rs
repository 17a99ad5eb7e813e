//! Which private keys open a login, and what is said when none does.

mod fleet {
    use std::{
        path::{Path, PathBuf},
        process::{Child, Command, Stdio},
    };

    use pryvctl::{
        host::{Connection, Fault, HostError, Kind, Session as _, signature::signer},
        model::{
            command::Command as Asked,
            inventory::{Login, TRIES},
        },
    };

    use crate::ssh::sshd::{Folder, Sshd, keygen, secret};

    async fn refused(login: &Login) -> HostError {
        let error = Connection::open(login).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        error
    }

    #[tokio::test]
    async fn every_kind_of_key_opens() {
        let sshd = Sshd::start("");
        let kinds: [(&str, &[&str]); 8] = [
            ("rsa", &["-t", "rsa", "-b", "3072"]),
            ("ecdsa", &["-t", "ecdsa"]),
            ("pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
            ("pkcs8", &["-t", "ecdsa", "-m", "PKCS8"]),
            ("sealed", &["-t", "ed25519", "-N", "a phrase"]),
            ("sealed_rsa", &["-t", "rsa", "-b", "2048", "-N", "a phrase"]),
            ("sealed_pem", &["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "a phrase"]),
            ("sealed_pkcs8", &["-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "a phrase"]),
        ];
        for (name, options) in kinds {
            let login = Login {
                identities: vec![sshd.key(name, options)],
                passphrase: secret("a phrase"),
                ..sshd.login()
            };
            let opened = Connection::open(&login).await;
            assert!(opened.is_ok(), "{name}: {:?}", opened.err());
        }
    }

    #[tokio::test]
    async fn a_sealed_key_says_what_is_missing() {
        let sshd = Sshd::start("");
        for options in [&["-t", "ed25519"][..], &["-t", "rsa", "-m", "PEM"], &["-t", "rsa", "-m", "PKCS8"]] {
            let key = sshd.key(options[options.len() - 1], &[options, &["-N", "a phrase"]].concat());
            let mut login = Login { identities: vec![key], ..sshd.login() };
            let missing = refused(&login).await;
            assert!(missing.to_string().ends_with("is encrypted, and no passphrase is given"), "{missing}");
            login.passphrase = secret("another phrase");
            let wrong = refused(&login).await;
            assert!(
                wrong.to_string().starts_with("core-1: the passphrase does not open the key /"),
                "{wrong}"
            );
            assert!(!format!("{wrong:?}").contains("another phrase"));
        }
    }

    #[tokio::test]
    async fn a_file_that_is_no_key() {
        let sshd = Sshd::start("");
        let mut login = sshd.login();
        let good = login.identities.clone();
        login.identities = vec![sshd.folder.join("sshd_config")];
        assert!(refused(&login).await.to_string().ends_with("sshd_config is not a private key we can read"));
        login.identities = vec![sshd.folder.join("nothing")];
        assert!(refused(&login).await.to_string().contains("cannot read the key"));
        // While another key is good, the bad ones are passed over.
        login.identities.extend(good);
        Connection::open(&login).await.unwrap();
    }

    #[tokio::test]
    async fn keys_are_tried_in_order_and_few() {
        let sshd = Sshd::start(&format!("MaxAuthTries {TRIES}"));
        let mut login = sshd.login();
        let strangers = stranger_keys(&sshd, TRIES + 2);
        login.identities = [&strangers[..TRIES - 1], &login.identities[..]].concat();
        // The same key under another name is no other key: sshd would count it twice.
        let again = sshd.folder.join("again");
        std::fs::copy(&strangers[0], &again).unwrap();
        login.identities.insert(1, again);
        assert_eq!(Connection::open(&login).await.unwrap().keys_shown(), TRIES);
        login.identities = strangers;
        let error = refused(&login).await;
        let (shown, held_back) =
            error.to_string().split_once(", and did not try the keys ").map(two).unwrap();
        assert!(shown.contains("login as `root` refused; tried /"), "{shown}");
        assert_eq!((shown.matches("/stranger").count(), held_back.matches("/stranger").count()), (TRIES, 2));
        assert!(error.hint().unwrap().contains("put the right key first"), "{error}");
        login.identities.truncate(TRIES);
        assert!(refused(&login).await.hint().unwrap().contains("authorized_keys"));
    }

    fn two((one, other): (&str, &str)) -> (String, String) {
        (one.to_owned(), other.to_owned())
    }

    /// The proof of the guard is the login of the next run: its keys, in its order.
    #[tokio::test]
    async fn a_new_login_shows_the_keys_that_the_next_run_will_show() {
        let sshd = Sshd::start("MaxAuthTries 6");
        let mut login = sshd.login();
        login.identities.insert(0, stranger_keys(&sshd, 1).remove(0));
        let host = Connection::open(&login).await.unwrap();
        assert_eq!((host.keys_shown(), host.reconnect().await.unwrap().keys_shown()), (2, 2));
        // What a hardening may do, and the key that was good a moment ago comes too late.
        let config = sshd.folder.join("sshd_config");
        let text = std::fs::read_to_string(&config).unwrap().replace("MaxAuthTries 6", "MaxAuthTries 1");
        std::fs::write(&config, text).unwrap();
        host.exec(&Asked::root("kill -HUP 1")).await.unwrap();
        while sshd.log().matches("Server listening").count() < 2 {
            tokio::task::yield_now().await;
        }
        let proof = host.reconnect().await.err().unwrap();
        assert_eq!(proof.kind(), Kind::Refused, "{proof}");
        assert_eq!(refused(&login).await.to_string(), proof.to_string(), "the next run fares the same");
    }

    #[tokio::test]
    async fn a_user_that_may_not_log_in() {
        let sshd = Sshd::start("");
        let error = refused(&sshd.user("nobody-here")).await;
        assert!(error.to_string().starts_with("core-1: login as `nobody-here` refused; tried /"), "{error}");
        let sshd = Sshd::start("AuthenticationMethods publickey,password\nPasswordAuthentication yes");
        let error = refused(&sshd.login()).await;
        assert!(error.to_string().ends_with("the key is good, but the host also wants password"), "{error}");
    }

    #[tokio::test]
    async fn a_second_login_has_to_become_root() {
        let sshd = Sshd::start("");
        let (rescue, stranger) = (sshd.key("rescue", &["-t", "ed25519"]), sshd.folder.join("stranger"));
        keygen(&stranger, &["-t", "ed25519"]);
        let second = |user: &str, key: &Path| Login { identities: vec![key.to_owned()], ..sshd.user(user) };
        Connection::try_root(&second("ann", &rescue)).await.unwrap();
        Connection::try_root(&second("root", &rescue)).await.unwrap();
        let wrong = Connection::try_root(&second("ann", &stranger)).await.unwrap_err();
        assert!(wrong.words().starts_with("login as `ann` refused"), "{wrong}");
        // It comes in, and opens nothing.
        let no_sudo = Connection::try_root(&second("cat", &rescue)).await.unwrap_err();
        assert!(matches!(*no_sudo.fault, Fault::Sudo(_)), "{no_sudo}");
        let asked = Connection::try_root(&second("ben", &rescue)).await.unwrap_err();
        assert_eq!(asked.words(), "sudo asks `ben` for a password, and none is given");
        let given = Login { sudo_password: secret("open sesame"), ..second("ben", &rescue) };
        Connection::try_root(&given).await.unwrap();
        let closed = Sshd::start("ForceCommand /bin/false");
        let key = vec![closed.key("rescue", &["-t", "ed25519"])];
        let closed = Login { identities: key, ..closed.user("root") };
        let closed = Connection::try_root(&closed).await.unwrap_err();
        assert!(matches!(*closed.fault, Fault::NotStarted { .. }), "{closed}");
    }

    /// Runs itself once more, because an agent is found through the environment of the whole process.
    #[tokio::test]
    async fn an_agent_signs() {
        let socket = std::env::var("SSH_AUTH_SOCK").map(PathBuf::from).unwrap_or_default();
        if !socket.ends_with("agent-of-the-test") {
            let folder = Folder::new();
            let mut again = Command::new(std::env::current_exe().unwrap());
            again.args(["--exact", "ssh::keys::fleet::an_agent_signs", "--nocapture"]);
            again.env("SSH_AUTH_SOCK", folder.join("agent-of-the-test"));
            let output = again.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        let sshd = Sshd::start("");
        let by_file = Login { identities: vec![sshd.folder.join("id.pub")], ..sshd.login() };
        let asking = Login { identities: Vec::new(), ..sshd.login() };

        let error = refused(&asking).await;
        assert!(error.to_string().contains("no private key"), "{error}");
        assert!(refused(&by_file).await.to_string().contains("is a public key, and the ssh-agent"));

        let agent = Agent::start(socket);
        assert!(refused(&asking).await.to_string().ends_with("and so is the ssh-agent"));
        agent.add(&sshd.folder.join("id"));
        for login in [&asking, &by_file] {
            Connection::open(login).await.unwrap();
        }
        let rsa = sshd.key("rsa", &["-t", "rsa", "-b", "2048"]);
        agent.add(&rsa);
        let public = Login { identities: vec![rsa.with_extension("pub")], ..sshd.login() };
        let host = Connection::open(&public).await.unwrap();
        let signature = host.sign("a text").await.unwrap();
        assert_eq!(signer(&signature.pem, "a text"), Some(signature.key));
    }

    fn stranger_keys(sshd: &Sshd, count: usize) -> Vec<PathBuf> {
        let stranger = |number| {
            let file = sshd.folder.join(&format!("stranger{number}"));
            keygen(&file, &["-t", "ed25519"]);
            file
        };
        (0..count).map(stranger).collect()
    }

    struct Agent {
        child: Child,
        socket: PathBuf,
    }

    impl Agent {
        fn start(socket: PathBuf) -> Self {
            let mut agent = Command::new("ssh-agent");
            let child = agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
            while !socket.exists() {
                std::thread::yield_now();
            }
            Self { child, socket }
        }

        fn add(&self, key: &Path) {
            let mut add = Command::new("ssh-add");
            assert!(add.arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).status().unwrap().success());
        }
    }

    impl Drop for Agent {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
