//! Whom we believe to be the host.

mod fleet {
    use std::{fs, process::Command};

    use pryvctl::{
        host::{Connection, Fault, HostError, HostKeyFault, Kind, Session},
        model::inventory::Login,
    };

    use crate::ssh::sshd::Sshd;

    async fn refused(login: &Login) -> HostError {
        let error = Connection::open(login).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        error
    }

    fn fingerprint(sshd: &Sshd, kind: &str) -> String {
        let key = sshd.folder.join(&format!("host_{kind}.pub"));
        let output = Command::new("ssh-keygen").arg("-lf").arg(key).output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_hashed_line_is_understood() {
        let sshd = Sshd::start("");
        let login = sshd.login();
        let hashed = Command::new("ssh-keygen").args(["-H", "-f"]).arg(&login.known_hosts).output().unwrap();
        assert!(hashed.status.success());
        assert!(fs::read_to_string(&login.known_hosts).unwrap().starts_with("|1|"));
        Connection::open(&login).await.unwrap();
    }

    #[tokio::test]
    async fn a_host_known_by_its_rsa_key_only_is_asked_for_it() {
        let sshd = Sshd::start("");
        let login = sshd.login();
        let rsa = fs::read_to_string(sshd.folder.join("host_rsa.pub")).unwrap();
        fs::write(&login.known_hosts, format!("[127.0.0.1]:{} {rsa}", sshd.port)).unwrap();
        Connection::open(&login).await.unwrap();
    }

    #[tokio::test]
    async fn an_unknown_host_is_refused_until_it_is_learnt() {
        let sshd = Sshd::start("");
        let mut login = sshd.login();
        fs::remove_file(&login.known_hosts).unwrap();
        let error = refused(&login).await;
        assert!(error.to_string().contains(&fingerprint(&sshd, "ed25519")), "{error}");
        assert!(error.hint().unwrap().contains("--accept-new-host-keys"));
        assert!(!login.known_hosts.exists(), "a refusal learns nothing");

        login.accept_new = true;
        Connection::open(&login).await.unwrap();
        let learnt = fs::read_to_string(&login.known_hosts).unwrap();
        assert!(learnt.starts_with(&format!("[127.0.0.1]:{} ssh-ed25519 ", sshd.port)), "{learnt}");
        login.accept_new = false;
        Connection::open(&login).await.unwrap();
        assert_eq!(
            fs::read_to_string(&login.known_hosts).unwrap(),
            learnt,
            "what is known is not learnt again"
        );
    }

    #[tokio::test]
    async fn a_changed_key_is_refused_even_when_learning() {
        let (sshd, other) = (Sshd::start(""), Sshd::start(""));
        let mut login = sshd.login();
        let key = fs::read_to_string(other.folder.join("host_ed25519.pub")).unwrap();
        fs::write(&login.known_hosts, format!("# ours\n[127.0.0.1]:{} {key}", sshd.port)).unwrap();
        login.accept_new = true;
        let error = refused(&login).await;
        assert!(error.to_string().contains("known_hosts:2 has another key than ssh-ed25519"), "{error}");
        assert!(error.hint().unwrap().contains(&format!("ssh-keygen -R '[127.0.0.1]:{}'", sshd.port)));
    }

    #[tokio::test]
    async fn a_pinned_key_is_all_that_counts() {
        let sshd = Sshd::start("");
        let mut login = sshd.login();
        fs::remove_file(&login.known_hosts).unwrap();
        login.host_key = Some(fingerprint(&sshd, "ed25519"));
        Connection::open(&login).await.unwrap();
        // A line in known_hosts does not help against another pin.
        login = Login { host_key: Some("SHA256:nobody".to_owned()), ..sshd.login() };
        assert!(refused(&login).await.to_string().ends_with("is not the pinned SHA256:nobody"));
    }

    #[tokio::test]
    async fn a_reconnect_wants_the_same_host() {
        let mut sshd = Sshd::start("");
        let host = Connection::open(&sshd.login()).await.unwrap();
        sshd.kill();
        let other = Sshd::start_at(sshd.port, "");
        // The impostor is even in known_hosts.
        fs::copy(other.login().known_hosts, sshd.folder.join("known_hosts")).unwrap();
        let error = host.reconnect().await.err().unwrap();
        assert!(matches!(&*error.fault, Fault::HostKey(HostKeyFault::Swapped { .. })), "{error}");
    }
}
