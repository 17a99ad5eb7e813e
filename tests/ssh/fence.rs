//! The lock as a fence: what a run that has lost it can still do, and what the next one waits for.

mod fleet {
    use std::time::Duration;

    use bollard::query_parameters::EventsOptions;
    use futures_util::StreamExt as _;
    use pryvctl::{
        host::{Connection, Fault, HostError, Kind, Lock, Loss, Session},
        model::{
            command::{Command, Exit},
            inventory::Login,
        },
    };

    use crate::ssh::sshd::{Sshd, secret};

    async fn connected(sshd: &Sshd) -> Connection {
        Connection::open(&sshd.login()).await.unwrap()
    }

    /// Ends what holds the lock, as the host does with a controller that it has not heard of for too long.
    async fn give_up_the_lock(host: &Connection) {
        let holders = "find /proc/[0-9]*/fd -lname /run/pryvctl/lock 2>/dev/null | cut -d/ -f3 | sort -u";
        let free = "flock -w 10 /run/pryvctl/lock true";
        let command = Command::root(format!("kill $({holders}); {free}")).without_lock();
        assert!(host.exec(&command).await.unwrap().ok());
    }

    async fn until(host: &Connection, question: &str) {
        let command = Command::root(format!("until {question}; do sleep 0.1; done")).without_lock();
        assert!(host.exec(&command).await.unwrap().ok(), "{question}");
    }

    fn loss(error: HostError) -> Loss {
        assert_eq!(error.kind(), Kind::Locked, "{error}");
        if let Fault::LockLost(loss) = *error.fault { loss } else { panic!("{error}") }
    }

    #[tokio::test]
    async fn under_a_lock_a_script_is_what_it_is_without() {
        let sshd = Sshd::start("");
        let ben = Login { sudo_password: secret("open sesame"), ..sshd.user("ben") };
        for login in [sshd.login(), sshd.user("ann"), ben] {
            let host = Connection::open(&login).await.unwrap();
            let lock = Lock::take(&host, "anna").await.unwrap();
            let script = "trap 'echo bye' EXIT; cat; echo err >&2; exit 3";
            let output = host.exec(&Command::root(script).stdin("it's $in\n")).await.unwrap();
            assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("it's $in\nbye\n", "err\n"));
            assert_eq!(output.exit, Exit::Code(3));
            let tidy = "trap 'echo tidied; exit 1' TERM; echo begun; sleep 600 & wait";
            let output = host.exec(&Command::root(tidy).within(Duration::from_secs(1))).await.unwrap();
            assert_eq!((output.stdout.as_str(), output.exit), ("begun\ntidied\n", Exit::Code(124)));
            host.docker().await.unwrap().ping().await.unwrap();
            lock.release().await;
        }
    }

    #[tokio::test]
    async fn a_run_that_has_lost_the_lock_begins_nothing_more() {
        let sshd = Sshd::start("");
        let (one, looker) = (connected(&sshd).await, connected(&sshd).await);
        let lock = Lock::take(&one, "anna").await.unwrap();
        let second_login = one.reconnect().await.unwrap();
        give_up_the_lock(&looker).await;
        let touch = Command::root("touch /root/touched");
        assert_eq!(loss(one.exec(&touch).await.unwrap_err()), Loss::LetGo);
        assert_eq!(loss(second_login.exec(&touch).await.unwrap_err()), Loss::LetGo);
        assert_eq!(loss(one.docker().await.unwrap_err()), Loss::LetGo);
        assert_eq!(loss(one.lost_lock().unwrap()), Loss::LetGo);
        let looked = one.exec(&Command::root("[ ! -e /root/touched ]").without_lock()).await.unwrap();
        assert!(looked.ok(), "it was begun");
        drop(lock);
    }

    #[tokio::test]
    async fn a_run_whose_host_was_taken_over_names_by_whom() {
        let sshd = Sshd::start("");
        let one = Connection::open(&sshd.user("ann")).await.unwrap();
        let (two, looker) = (connected(&sshd).await, connected(&sshd).await);
        let lost = Lock::take(&one, "anna").await.unwrap();
        give_up_the_lock(&looker).await;
        let held = Lock::take(&two, "ben@desk upgrade").await.unwrap();
        assert!(held.follows(&lost), "nobody was between");
        let refused = one.exec(&Command::root("touch /root/touched")).await.unwrap_err();
        assert!(matches!(loss(refused), Loss::TakenOver { owner, since }
            if owner == "ben@desk upgrade" && since.starts_with("20")),);
        assert!(two.exec(&Command::root("[ ! -e /root/touched ]")).await.unwrap().ok());
        held.release().await;
        let again = Lock::take(&one, "anna").await.unwrap();
        assert!(!again.follows(&lost), "ben was");
        assert!(one.exec(&Command::root("touch /root/touched")).await.unwrap().ok(), "it is hers again");
    }

    #[tokio::test]
    async fn what_a_dead_run_still_does_is_waited_for() {
        let sshd = Sshd::start("");
        let (one, two) = (connected(&sshd).await, connected(&sshd).await);
        let lock = Lock::take(&one, "anna").await.unwrap();
        let orphan = tokio::spawn(async move {
            one.exec(&Command::root("touch /root/begun; sleep 4; touch /root/ended")).await
        });
        until(&two, "[ -e /root/begun ]").await;
        orphan.abort();
        drop(lock);
        let _held = Lock::take(&two, "ben").await.unwrap();
        assert!(two.exec(&Command::root("[ -e /root/ended ]")).await.unwrap().ok(), "it still runs");
    }

    #[tokio::test]
    async fn what_does_not_end_is_named_and_what_a_script_started_is_not_waited_for() {
        let sshd = Sshd::start("");
        let (one, two) = (connected(&sshd).await, connected(&sshd).await);
        let lock = Lock::take(&one, "anna").await.unwrap();
        assert!(one.exec(&Command::root("sleep 611 >/dev/null 2>&1 &")).await.unwrap().ok());
        lock.release().await;
        let lock = Lock::take(&one, "anna").await.unwrap();
        let long = Command::root("touch /root/begun; sleep 622; true").within(Duration::from_secs(900));
        let orphan = tokio::spawn(async move { one.exec(&long).await });
        until(&two, "[ -e /root/begun ]").await;
        orphan.abort();
        drop(lock);
        let error = Lock::take(&two, "ben").await.err().unwrap();
        assert_eq!(error.kind(), Kind::Locked, "{error}");
        assert!(
            error.to_string().starts_with(
                "core-1: commands of an earlier run still run on this host: sleep 622 (process "
            ),
            "{error}"
        );
        assert!(!error.to_string().contains("611"), "{error}");
    }

    #[tokio::test]
    async fn a_stream_to_docker_is_hung_up_when_the_host_is_taken_over() {
        let sshd = Sshd::start("");
        let (one, two, looker) = (connected(&sshd).await, connected(&sshd).await, connected(&sshd).await);
        let _lost = Lock::take(&one, "anna").await.unwrap();
        let docker = one.docker().await.unwrap();
        let mut events = docker.events(None::<EventsOptions>);
        // Until the engine has answered the next request, it has this one.
        tokio::select! { biased; _ = events.next() => {}, answer = docker.ping() => { answer.unwrap(); } }
        give_up_the_lock(&looker).await;
        let _held = Lock::take(&two, "ben").await.unwrap();
        let hung_up = async { while let Some(Ok(_)) = events.next().await {} };
        tokio::time::timeout(Duration::from_secs(30), hung_up).await.expect("the stream goes on");
        assert!(docker.ping().await.is_err(), "a stream was left, or a new one was begun");
        // The stream may end a moment before we know why.
        let lost = async {
            loop {
                match one.lost_lock() {
                    Some(lost) => break lost,
                    None => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        let lost = tokio::time::timeout(Duration::from_secs(30), lost).await.expect("nobody says why");
        assert!(matches!(loss(lost), Loss::TakenOver { .. }));
    }
}
