//! Commands, the lock and Docker on a connection that stands.

mod fleet {
    use pryvctl::{
        host::{Connection, Fault, Lock, Session},
        model::command::{Command, Exit},
    };

    use crate::ssh::sshd::Sshd;

    #[tokio::test]
    async fn a_command_comes_back_with_everything() {
        let sshd = Sshd::start("");
        let host = Connection::open(&sshd.login()).await.unwrap();
        let output =
            host.exec(&Command::root("cat; echo err >&2; exit 3").stdin("it's $in\n")).await.unwrap();
        assert_eq!(output.stdout, "it's $in\n");
        assert_eq!(output.stderr, "err\n");
        assert_eq!(output.exit, Exit::Code(3));
        let again = host.reconnect().await.unwrap();
        assert!(again.exec(&Command::login("true")).await.unwrap().ok());
    }

    #[tokio::test]
    async fn the_lock_is_had_by_one_and_goes_with_its_session() {
        let sshd = Sshd::start("");
        let (one, two) =
            (Connection::open(&sshd.login()).await.unwrap(), Connection::open(&sshd.login()).await.unwrap());
        let lock = Lock::take(&one, "anna@laptop install").await.unwrap();
        let refused = Lock::take(&two, "ben").await.err().unwrap();
        assert!(
            matches!(&*refused.fault, Fault::Locked { owner, since }
            if owner == "anna@laptop install" && since.starts_with("20")),
            "{refused}"
        );
        assert!(lock.is_held());
        lock.release().await;
        Lock::take(&two, "ben").await.unwrap().release().await;
    }

    #[tokio::test]
    async fn docker_answers_where_forwarding_is_forbidden() {
        let sshd = Sshd::start("DisableForwarding yes\nAllowTcpForwarding no");
        let host = Connection::open(&sshd.login()).await.unwrap();
        let docker = host.docker().await.unwrap();
        docker.ping().await.unwrap();
        assert!(docker.version().await.unwrap().api_version.is_some());
    }
}
