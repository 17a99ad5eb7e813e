//! A text signed with the key that logged in, verified by OpenSSH's own program.

mod fleet {
    use std::{
        fs,
        io::Write as _,
        process::{Command, Stdio},
    };

    use pryvctl::host::{
        Connection,
        signature::{NAMESPACE, signer},
    };

    use crate::ssh::sshd::Sshd;

    #[tokio::test]
    async fn openssh_verifies_what_we_sign() {
        let sshd = Sshd::start("");
        let host = Connection::open(&sshd.login()).await.unwrap();
        let signature = host.sign("a text\n").await.unwrap();
        assert_eq!(signer(&signature.pem, "a text\n").as_ref(), Some(&signature.key));
        assert_eq!(signer(&signature.pem, "another text\n"), None);
        assert_eq!(signer("no signature", "a text\n"), None);
        let file = sshd.folder.join("signature");
        fs::write(&file, &signature.pem).unwrap();
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-Y", "check-novalidate", "-n", NAMESPACE, "-s"]).arg(&file);
        let mut verify = keygen.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        verify.stdin.take().unwrap().write_all(b"a text\n").unwrap();
        let output = verify.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains(&signature.key), "{said}");
    }
}
