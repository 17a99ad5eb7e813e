//! Docker through the same connection.

mod fleet {
    use std::os::unix::fs::symlink;

    use bollard::query_parameters::EventsOptions;
    use futures_util::StreamExt;
    use pryvctl::{
        host::{Connection, Fault, HostError},
        model::inventory::Login,
    };

    use crate::ssh::sshd::{Folder, Sshd, secret};

    #[tokio::test]
    async fn docker_answers_where_forwarding_is_forbidden() {
        let sshd = Sshd::start("DisableForwarding yes\nAllowTcpForwarding no\nAllowStreamLocalForwarding no");
        let ben = Login { sudo_password: secret("open sesame"), ..sshd.user("ben") };
        for login in [sshd.login(), sshd.user("ann"), ben] {
            let host = Connection::open(&login).await.unwrap();
            let docker = host.docker().await.unwrap();
            docker.ping().await.unwrap();
            let engine = docker.version().await.unwrap().api_version.unwrap();
            assert_eq!(docker.client_version().to_string(), engine);
        }
    }

    #[tokio::test]
    async fn many_requests_share_few_channels() {
        let sshd = Sshd::start("MaxSessions 4");
        let host = Connection::open(&sshd.login()).await.unwrap();
        let docker = host.docker().await.unwrap();
        for answer in futures_util::future::join_all((0..30).map(|_| docker.ping())).await {
            answer.unwrap();
        }
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_gives_its_channel_back() {
        let sshd = Sshd::start("");
        let host = Connection::open(&sshd.login()).await.unwrap();
        let docker = host.docker().await.unwrap();
        for _ in 0..12 {
            let mut events = docker.events(None::<EventsOptions>);
            tokio::select! {
                biased;
                _ = events.next() => {}
                answer = docker.ping() => { answer.unwrap(); }
            }
        }
        docker.ping().await.unwrap();
    }

    #[tokio::test]
    async fn a_host_without_docker_says_so() {
        let tools = Folder::new();
        for tool in ["env", "sh", "timeout"] {
            symlink(format!("/usr/bin/{tool}"), tools.join(tool)).unwrap();
        }
        let sshd = Sshd::start(&format!("SetEnv PATH={}", tools.join("").display()));
        let error = Connection::open(&sshd.login()).await.unwrap().docker().await.unwrap_err();
        assert!(matches!(*error.fault, Fault::NoDocker), "{error:?}");
        assert!(error.hint().unwrap().contains("docker-cli"));
    }

    #[tokio::test]
    async fn an_engine_that_is_down_is_quoted() {
        let sshd = Sshd::start("SetEnv DOCKER_HOST=unix:///run/nobody.sock");
        let error = Connection::open(&sshd.login()).await.unwrap().docker().await.unwrap_err();
        assert!(matches!(*error.fault, Fault::Docker { .. }), "{error:?}");
        assert!(error.to_string().contains("/run/nobody.sock"), "{error}");
    }

    #[tokio::test]
    async fn an_error_of_the_engine_keeps_its_words() {
        let sshd = Sshd::start("");
        let host = Connection::open(&sshd.login()).await.unwrap();
        let docker = host.docker().await.unwrap();
        let error = docker.inspect_image("pryvctl.invalid/none:none").await.unwrap_err();
        let error = HostError::docker(host.host(), &error);
        assert!(error.to_string().contains("No such image: pryvctl.invalid/none:none"), "{error}");
    }
}
