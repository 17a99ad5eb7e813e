//! Becoming root: every way sudo has to say no, and the password that must not end up anywhere.

mod fleet {
    use std::os::unix::fs::symlink;

    use pryvctl::{
        host::{Connection, Fault, HostError, Kind, Session, SudoFault},
        model::{command::Command, inventory::Login},
    };

    use crate::ssh::sshd::{Sshd, secret};

    async fn whoami(login: &Login) -> Result<String, HostError> {
        let host = Connection::open(login).await.unwrap();
        let output = host.exec(&Command::root("id -un; cat").stdin("and stdin")).await?;
        assert_eq!(output.stderr, "");
        Ok(output.stdout)
    }

    async fn refusal(login: &Login) -> SudoFault {
        let error = whoami(login).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(!format!("{error:?} {error} {:?}", error.hint()).contains("sesame"));
        if let Fault::Sudo(fault) = *error.fault { fault } else { panic!("{error}") }
    }

    #[tokio::test]
    async fn sudo_with_and_without_a_password() {
        let sshd = Sshd::start("");
        let ann = sshd.user("ann");
        assert_eq!(whoami(&ann).await.unwrap(), "root\nand stdin");
        // A password nobody asks for is not sent: it would be the script's input.
        let ann = Login { sudo_password: secret("open sesame"), ..ann };
        assert_eq!(whoami(&ann).await.unwrap(), "root\nand stdin");
        let ben = Login { sudo_password: secret("open sesame"), ..sshd.user("ben") };
        assert_eq!(whoami(&ben).await.unwrap(), "root\nand stdin");
        let host = Connection::open(&ben).await.unwrap();
        assert_eq!(host.exec(&Command::login("id -un")).await.unwrap().stdout, "ben\n");
        assert_eq!(
            host.exec(&Command::root("true")).await.unwrap().stdout,
            "",
            "and again on the same connection"
        );
        assert!(!sshd.log().contains("sesame"));
    }

    #[tokio::test]
    async fn sudo_says_no_in_many_ways() {
        let sshd = Sshd::start("");
        let user = |name| sshd.user(name);
        assert_eq!(refusal(&user("ben")).await, SudoFault::NeedsPassword("ben".to_owned()));
        let wrong = Login { sudo_password: secret("close sesame"), ..user("ben") };
        assert_eq!(refusal(&wrong).await, SudoFault::WrongPassword("ben".to_owned()));
        let nobody = Login { sudo_password: secret("open sesame"), ..user("cat") };
        assert_eq!(refusal(&nobody).await, SudoFault::NotAllowed("cat".to_owned()));
        assert_eq!(refusal(&user("dan")).await, SudoFault::NeedsTerminal("dan".to_owned()));
    }

    #[tokio::test]
    async fn a_host_without_sudo() {
        let tools = crate::ssh::sshd::Folder::new();
        for tool in ["env", "sh", "timeout"] {
            symlink(format!("/usr/bin/{tool}"), tools.join(tool)).unwrap();
        }
        let sshd = Sshd::start(&format!("SetEnv PATH={}", tools.join("").display()));
        assert_eq!(refusal(&sshd.user("ann")).await, SudoFault::Missing("ann".to_owned()));
    }

    #[tokio::test]
    async fn an_account_that_runs_nothing() {
        let sshd = Sshd::start("ForceCommand echo backups only");
        let error = whoami(&sshd.login()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "core-1: the login shell of `root` ran nothing: backups only; exit code 0"
        );
    }
}
