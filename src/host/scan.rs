//! Trying a host's TCP ports from outside: from here, and from another host.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use super::Session;
use crate::model::command::{Command, Output};

/// How long a port may take to answer. One that a firewall closes never does.
const PATIENCE: Duration = Duration::from_secs(2);

/// As whom the host sees us, who log in: there may be others between.
///
/// # Errors
/// What the session says.
pub async fn seen_from<S: Session>(session: &S) -> Result<Option<IpAddr>, S::Error> {
    let said = session.exec(&Command::login("echo \"${SSH_CONNECTION%% *}\"")).await?;
    Ok(said.stdout.trim().parse().ok())
}

/// Which ports of an address answer here.
pub async fn from_here(address: IpAddr, ports: &BTreeSet<u16>) -> BTreeSet<u16> {
    let mut tries = JoinSet::new();
    for port in ports.iter().copied() {
        tries.spawn(async move {
            let answer = timeout(PATIENCE, TcpStream::connect((address, port))).await;
            matches!(answer, Ok(Ok(_))).then_some(port)
        });
    }
    tries.join_all().await.into_iter().flatten().collect()
}

/// Which ports of an address answer on another host, and the address that host goes there with, where it says so.
///
/// # Errors
/// What the session says.
pub async fn from_there<S: Session>(
    session: &S,
    address: IpAddr,
    ports: &BTreeSet<u16>,
) -> Result<(Option<IpAddr>, BTreeSet<u16>), S::Error> {
    let list = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" ");
    let seconds = PATIENCE.as_secs();
    let script = format!(
        "ip -o route get {address} 2>/dev/null | sed -n 's/.* src \\([^ ]*\\).*/from \\1/p'
for port in {list}; do
{{ timeout {seconds} bash -c \": </dev/tcp/{address}/$port\" 2>/dev/null && echo $port; }} &
done
wait"
    );
    session.exec(&Command::login(script)).await.map(|output| read(&output))
}

fn read(output: &Output) -> (Option<IpAddr>, BTreeSet<u16>) {
    let from = output.stdout.lines().find_map(|line| line.strip_prefix("from ")?.parse().ok());
    (from, output.stdout.lines().filter_map(|line| line.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::host::replay::Replay;

    #[tokio::test]
    async fn a_port_answers_while_somebody_listens() {
        let address = IpAddr::from([127, 0, 0, 1]);
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let port = BTreeSet::from([listener.local_addr().unwrap().port()]);
        assert_eq!(from_here(address, &port).await, port);
        drop(listener);
        assert!(from_here(address, &port).await.is_empty());
    }

    #[tokio::test]
    async fn a_host_says_what_answers_it_and_where_it_comes_from() {
        let host = Replay::new().prints("/dev/tcp/192.0.2.1/$port", "from 192.0.2.7\n443\n22\n");
        let (from, answering) =
            from_there(&host, [192, 0, 2, 1].into(), &BTreeSet::from([22, 443, 5432])).await.unwrap();
        assert_eq!(from, Some([192, 0, 2, 7].into()));
        assert_eq!(answering, BTreeSet::from([22, 443]));
        assert!(host.asked()[0].script.contains("for port in 22 443 5432; do"));
    }
}
