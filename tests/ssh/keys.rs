//! Which private keys open a login, and what is said when none does.

mod fleet {
    use pryvctl::host::{Connection, Kind};

    use crate::ssh::sshd::{Sshd, secret};

    #[tokio::test]
    async fn every_kind_of_key_opens() {
        let sshd = Sshd::start("");
        let kinds: [(&str, &[&str]); 5] = [
            ("rsa", &["-t", "rsa", "-b", "3072"]),
            ("ecdsa", &["-t", "ecdsa"]),
            ("pem", &["-t", "rsa", "-m", "PEM"]),
            ("pkcs8", &["-t", "ecdsa", "-m", "PKCS8"]),
            ("sealed", &["-t", "ed25519", "-N", "a phrase"]),
        ];
        for (name, options) in kinds {
            let mut login = sshd.login();
            login.identities = vec![sshd.key(name, options)];
            login.passphrase = secret("a phrase");
            let opened = Connection::open(&login).await;
            assert!(opened.is_ok(), "{name}: {:?}", opened.err());
        }
    }

    #[tokio::test]
    async fn a_sealed_key_says_what_is_missing() {
        let sshd = Sshd::start("");
        let mut login = sshd.login();
        login.identities = vec![sshd.key("sealed", &["-t", "ed25519", "-N", "a phrase"])];
        let missing = Connection::open(&login).await.err().unwrap();
        assert!(
            missing.to_string().ends_with("sealed is encrypted, and no passphrase is given"),
            "{missing}"
        );
        login.passphrase = secret("another phrase");
        let wrong = Connection::open(&login).await.err().unwrap();
        assert_eq!(wrong.kind(), Kind::Refused);
        assert!(wrong.to_string().contains("core-1: the passphrase does not open the key /"), "{wrong}");
        assert!(!format!("{wrong:?}").contains("another phrase"));
    }
}
