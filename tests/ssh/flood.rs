//! Hosts that say more than anybody wants to hear: they are given up, and others are served meanwhile.

mod fleet {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use pryvctl::{
        host::{Connection, Fault, HostError, Lock, Session},
        model::{command::Command, inventory::Login},
    };

    use crate::ssh::sshd::{Folder, Sshd};

    const WORDS: &str = "more than 64 KiB came before the command began";

    /// A folder of programs that comes before all others.
    fn programs(name: &str, script: &str) -> (Folder, String) {
        let folder = Folder::new();
        fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("SetEnv PATH={}:/usr/sbin:/usr/bin:/sbin:/bin", folder.join("").display());
        (folder, path)
    }

    async fn refusal(login: &Login) -> HostError {
        Connection::open(login).await.unwrap().exec(&Command::root("true")).await.unwrap_err()
    }

    /// One thread for all, as on a machine with one processor.
    #[tokio::test(flavor = "current_thread")]
    async fn login_shells_that_flood_hold_up_nobody_else() {
        let (loud, good) = (Sshd::start("ForceCommand yes"), Sshd::start(""));
        let loud = [loud.login(), loud.login(), loud.login()];
        let good = Connection::open(&good.login()).await.unwrap();
        let flooded = futures_util::future::join_all(loud.iter().map(refusal));
        let here = Command::root("echo here");
        let (floods, answer) = tokio::join!(flooded, good.exec(&here));
        assert_eq!(answer.unwrap().stdout, "here\n");
        for error in floods {
            assert!(matches!(&*error.fault, Fault::NotStarted { reason, .. } if reason == WORDS), "{error}");
        }
    }

    #[tokio::test]
    async fn a_sudo_that_floods_is_given_up() {
        let (_folder, path) = programs("sudo", "exec yes >&2");
        let sshd = Sshd::start(&path);
        let error = refusal(&sshd.user("ann")).await;
        assert!(matches!(&*error.fault, Fault::NotStarted { reason, .. } if reason == WORDS), "{error}");
    }

    /// Each of the two streams may be late, but not for ever.
    #[tokio::test]
    async fn a_start_that_is_said_on_one_stream_only_is_given_up() {
        let sshd = Sshd::start("ForceCommand echo 'pryvctl: started'; exec yes");
        let error = refusal(&sshd.login()).await;
        assert!(matches!(&*error.fault, Fault::NotStarted { reason, .. } if reason == WORDS), "{error}");
    }

    #[tokio::test]
    async fn a_lock_that_floods_is_given_up() {
        let flood = "echo 'pryvctl: started'; echo 'pryvctl: started' >&2; exec yes";
        let sshd = Sshd::start(&format!("ForceCommand {flood}"));
        let host = Connection::open(&sshd.login()).await.unwrap();
        let error = Lock::take(&host, "anna").await.err().unwrap();
        assert_eq!(error.to_string(), "core-1: a command printed more than 64 KiB");
    }

    #[tokio::test]
    async fn an_engine_that_answers_without_end_is_given_up() {
        // It answers when it was asked, not before.
        let endless = r"read -r _; printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
while printf '10000\r\n' && head -c 65536 /dev/zero && printf '\r\n'; do :; done";
        let (_folder, path) = programs("docker", endless);
        let sshd = Sshd::start(&path);
        let error = Connection::open(&sshd.login()).await.unwrap().docker().await.unwrap_err();
        assert!(error.to_string().contains("an answer of more than 16 MiB was cut off"), "{error}");
    }

    #[tokio::test]
    async fn a_command_has_a_limit_of_its_own() {
        let sshd = Sshd::start("");
        let host = Connection::open(&sshd.login()).await.unwrap();
        let error = host.exec(&Command::root("yes").at_most(4 << 20)).await.unwrap_err();
        assert_eq!(error.to_string(), "core-1: a command printed more than 4 MiB");
    }
}
