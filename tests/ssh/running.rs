//! Commands and the lock on a connection that stands.

mod fleet {
    use std::time::Duration;

    use pryvctl::{
        host::{Connection, Fault, Kind, Lock, Session},
        model::command::{Command, Exit},
    };

    use crate::ssh::sshd::Sshd;

    async fn connected(sshd: &Sshd) -> Connection {
        Connection::open(&sshd.login()).await.unwrap()
    }

    #[tokio::test]
    async fn a_command_comes_back_with_everything() {
        let sshd = Sshd::start("");
        let host = connected(&sshd).await;
        let output =
            host.exec(&Command::root("cat; echo err >&2; exit 3").stdin("it's $in\n")).await.unwrap();
        assert_eq!(output.stdout, "it's $in\n");
        assert_eq!(output.stderr, "err\n");
        assert_eq!(output.exit, Exit::Code(3));
        let killed = host.exec(&Command::root("kill -9 $PPID")).await.unwrap();
        assert_eq!(killed.exit, Exit::Signal("KILL".to_owned()));
        let again = host.reconnect().await.unwrap();
        assert!(again.exec(&Command::login("true")).await.unwrap().ok());
    }

    #[tokio::test]
    async fn megabytes_go_in_and_come_out() {
        let sshd = Sshd::start("");
        let host = connected(&sshd).await;
        let text = "eight megabytes\n".repeat(512 << 10);
        let output = host.exec(&Command::root("cat").stdin(text.clone())).await.unwrap();
        assert!(output.stdout == text, "{} bytes came back", output.stdout.len());
        // It stops reading at once; the rest of the input has nowhere to go.
        let early = host.exec(&Command::root("head -c 5; exec <&-; exit 4").stdin(text)).await.unwrap();
        assert_eq!((early.stdout.as_str(), early.exit), ("eight", Exit::Code(4)));
    }

    #[tokio::test]
    async fn more_commands_at_once_than_sshd_has_sessions() {
        let sshd = Sshd::start("");
        let host = connected(&sshd).await;
        let commands: Vec<_> = (0..40).map(|number| Command::root(format!("echo {number}"))).collect();
        let outputs = futures_util::future::join_all(commands.iter().map(|command| host.exec(command))).await;
        for (number, output) in outputs.into_iter().enumerate() {
            assert_eq!(output.unwrap().stdout, format!("{number}\n"));
        }
    }

    #[tokio::test]
    async fn the_host_ends_a_command_that_takes_too_long() {
        let sshd = Sshd::start("");
        let command = Command::root("echo begun; sleep 600").within(Duration::from_secs(1));
        let output = connected(&sshd).await.exec(&command).await.unwrap();
        assert_eq!((output.stdout.as_str(), output.exit), ("begun\n", Exit::Code(124)));
    }

    #[tokio::test]
    async fn a_daemon_that_keeps_the_pipe_open_does_not_hold_us_up() {
        let sshd = Sshd::start("");
        let output = connected(&sshd).await.exec(&Command::root("sleep 600 & echo started")).await.unwrap();
        assert_eq!((output.stdout.as_str(), output.exit), ("started\n", Exit::Code(0)));
    }

    #[tokio::test]
    async fn a_dropped_command_gives_its_session_back() {
        let sshd = Sshd::start("MaxSessions 1");
        let host = connected(&sshd).await;
        // As much as fills every buffer, and not as much as a command may say.
        let flood = "while head -c 65536 /dev/zero; do sleep 0.01; done";
        let flood = Command::root(flood).within(Duration::from_secs(2));
        tokio::select! {
            biased;
            _ = host.exec(&flood) => panic!("it does not end"),
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        // Free again once `head` has noticed that nobody listens.
        assert!(host.exec(&Command::root("true")).await.unwrap().ok());
    }

    #[tokio::test]
    async fn sessions_in_use_are_waited_for_but_not_for_ever() {
        let sshd = Sshd::start("MaxSessions 1");
        let host = connected(&sshd).await;
        let (short, long) = (Command::root("sleep 1"), Command::root("sleep 30"));
        let (one, two) = tokio::join!(host.exec(&short), host.exec(&short));
        assert!(one.unwrap().ok() && two.unwrap().ok());
        let (host, second) = (&host, Command::root("true"));
        tokio::select! {
            biased;
            _ = host.exec(&long) => panic!("too short"),
            refused = host.exec(&second) => {
                let error = refused.unwrap_err();
                assert!(matches!(*error.fault, Fault::Channel { .. }), "{error}");
                assert!(error.hint().unwrap().contains("MaxSessions"));
            }
        }
    }

    #[tokio::test]
    async fn a_command_that_prints_without_end_is_cut_off_and_the_next_one_runs() {
        let sshd = Sshd::start("");
        let host = connected(&sshd).await;
        let error = host.exec(&Command::root("yes")).await.unwrap_err();
        assert_eq!(error.to_string(), "core-1: a command printed more than 16 MiB");
        assert!(host.exec(&Command::root("true")).await.unwrap().ok());
    }

    #[tokio::test]
    async fn a_dropped_connection_is_closed() {
        let sshd = Sshd::start("");
        let host = connected(&sshd).await;
        assert!(host.exec(&Command::root("true")).await.unwrap().ok());
        drop(host);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while !sshd.log().contains("Connection closed by") {
            assert!(tokio::time::Instant::now() < deadline, "{}", sshd.log());
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_lost_connection_is_an_error_and_not_an_answer() {
        let mut sshd = Sshd::start("");
        let host = connected(&sshd).await;
        let running = tokio::spawn({
            let host = host.clone();
            async move { host.exec(&Command::root("echo begun; sleep 600")).await }
        });
        while !sshd.log().contains("Starting session: command") {
            tokio::task::yield_now().await;
        }
        sshd.kill();
        let error = running.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), Kind::Lost, "{error}");
        let error = host.exec(&Command::root("true")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Lost, "{error}");
        assert_eq!(host.reconnect().await.err().unwrap().kind(), Kind::Unreachable);
    }

    #[tokio::test]
    async fn the_lock_is_had_by_one_and_goes_with_its_session() {
        let sshd = Sshd::start("");
        let (one, two) = (connected(&sshd).await, connected(&sshd).await);
        let lock = Lock::take(&one, "anna@laptop install").await.unwrap();
        let refused = Lock::take(&two, "ben").await.err().unwrap();
        assert_eq!(refused.kind(), Kind::Locked);
        assert!(
            matches!(&*refused.fault, Fault::Locked { owner, since }
            if owner == "anna@laptop install" && since.starts_with("20")),
            "{refused}"
        );
        assert!(lock.is_held());
        lock.release().await;
        let lock = Lock::take(&two, "ben").await.unwrap();
        drop((lock, two));
        // The host frees it on its own when it sees the end of the channel.
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while let Err(error) = Lock::take(&one, "anna").await {
            assert_eq!(error.kind(), Kind::Locked);
            assert!(tokio::time::Instant::now() < deadline, "the lock outlived its owner");
        }
    }
}
