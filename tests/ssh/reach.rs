//! Hosts that cannot be reached: the error names the host, the stage and the way out.

mod fleet {
    use std::net::{TcpListener, TcpStream};

    use pryvctl::host::{Connection, HostError, Kind};

    use crate::ssh::sshd::{Folder, Sshd, free_port, keygen, login};

    async fn unreachable(port: u16) -> HostError {
        let folder = Folder::new();
        keygen(&folder.join("id"), &["-t", "ed25519"]);
        let login = login(port, vec![folder.join("id")], folder.join("known_hosts"));
        let error = Connection::open(&login).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Unreachable, "{error}");
        error
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens() {
        let port = free_port();
        let error = unreachable(port).await;
        assert_eq!(error.to_string(), format!("core-1: cannot connect to 127.0.0.1:{port}"));
        assert!(error.hint().unwrap().starts_with("the host is up, but nothing listens on port"));
    }

    #[tokio::test]
    async fn a_host_that_answers_no_packet() {
        let full = FullQueue::new();
        let error = unreachable(full.port).await;
        let text = format!("core-1: 127.0.0.1:{} gave no answer to the TCP connection within 5 s", full.port);
        assert_eq!(error.to_string(), text);
        assert!(error.hint().unwrap().contains("firewalls"));
    }

    #[tokio::test]
    async fn a_host_that_hangs_after_accept() {
        let tarpit = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tarpit.local_addr().unwrap().port();
        let error = unreachable(port).await;
        let text = format!("core-1: 127.0.0.1:{port} gave no answer in the SSH handshake within 10 s");
        assert_eq!(error.to_string(), text);
        assert!(error.hint().unwrap().contains("does not speak SSH"));
    }

    #[tokio::test]
    async fn a_host_that_speaks_something_else() {
        let web = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = web.local_addr().unwrap().port();
        std::thread::spawn(move || {
            use std::io::Write;
            for stream in web.incoming().take(1) {
                stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            }
        });
        let error = unreachable(port).await;
        assert_eq!(error.to_string(), format!("core-1: 127.0.0.1:{port} broke off the SSH handshake"));
    }

    #[tokio::test]
    async fn a_host_without_an_algorithm_in_common() {
        let sshd = Sshd::start("KexAlgorithms diffie-hellman-group14-sha256");
        let error = Connection::open(&sshd.login()).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Unreachable);
        assert!(
            std::error::Error::source(&error).unwrap().to_string().contains("diffie-hellman-group14"),
            "{error:?}"
        );
    }

    /// A listening socket whose queue is full: the kernel drops further packets, like a firewall on the way.
    struct FullQueue {
        port: u16,
        _listener: TcpListener,
        _waiting: Vec<TcpStream>,
    }

    impl FullQueue {
        fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let patience = std::time::Duration::from_millis(200);
            let waiting =
                std::iter::from_fn(|| TcpStream::connect_timeout(&address, patience).ok()).collect();
            Self { port: address.port(), _listener: listener, _waiting: waiting }
        }
    }
}
