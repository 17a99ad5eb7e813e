//! Trying ports from here.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Error, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use tokio::{
    net::{TcpStream, UdpSocket},
    task::JoinSet,
    time::timeout,
};

use super::{PATIENCE, QUESTION};
use crate::{
    model::desired::Protocol,
    plan::scan::{Door, Said},
};

/// What ports of an address say here. What could not be tried is left out.
pub async fn from_here(address: IpAddr, ports: &BTreeSet<Door>) -> BTreeMap<Door, Said> {
    let mut tries = JoinSet::new();
    for door in ports.iter().copied() {
        tries.spawn(async move {
            let said = match door.0 {
                Protocol::Tcp => {
                    timeout(PATIENCE, TcpStream::connect((address, door.1))).await.map(|it| it.map(drop))
                }
                Protocol::Udp => timeout(PATIENCE, asked(address, door.1)).await,
            };
            Some((door, heard(said.ok())?))
        });
    }
    tries.join_all().await.into_iter().flatten().collect()
}

/// Asks a UDP port and waits for anything it sends back.
async fn asked(address: IpAddr, port: u16) -> Result<(), Error> {
    let own: IpAddr =
        if address.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((own, 0)).await?;
    socket.connect((address, port)).await?;
    socket.send(&QUESTION).await?;
    socket.recv(&mut [0; 1]).await.map(drop)
}

/// `None`: it is this machine that cannot ask.
fn heard(said: Option<Result<(), Error>>) -> Option<Said> {
    match said.map(|said| said.map_err(|error| error.kind())) {
        Some(Ok(())) => Some(Said::Answers),
        Some(Err(ErrorKind::ConnectionRefused)) => Some(Said::Refuses),
        // What a router or a firewall on the way says, and a connection that ends at once.
        Some(Err(
            ErrorKind::HostUnreachable
            | ErrorKind::TimedOut
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted,
        ))
        | None => Some(Said::Nothing),
        Some(Err(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_port_answers_while_somebody_listens() {
        let address = IpAddr::from([127, 0, 0, 1]);
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let door = (Protocol::Tcp, listener.local_addr().unwrap().port());
        let ask = || async move { from_here(address, &[door].into()).await[&door] };
        assert_eq!(ask().await, Said::Answers);
        drop(listener);
        assert_eq!(ask().await, Said::Refuses);
    }

    #[test]
    fn an_error_of_this_machine_is_no_silence() {
        let heard = |kind: ErrorKind| heard(Some(Err(kind.into())));
        assert_eq!(heard(ErrorKind::HostUnreachable), Some(Said::Nothing));
        assert_eq!(heard(ErrorKind::NetworkUnreachable), None);
        assert_eq!(heard(ErrorKind::PermissionDenied), None);
    }

    #[tokio::test]
    async fn over_udp_silence_is_no_answer_and_no_refusal() {
        let address = IpAddr::from([127, 0, 0, 1]);
        let socket = UdpSocket::bind((address, 0)).await.unwrap();
        let door = (Protocol::Udp, socket.local_addr().unwrap().port());
        let ask = || async move { from_here(address, &[door].into()).await[&door] };
        assert_eq!(ask().await, Said::Nothing);
        let answer = async {
            // The first question is still there.
            let (_, from) = socket.recv_from(&mut [0; 64]).await.unwrap();
            socket.send_to(b"x", from).await.unwrap();
            let (_, from) = socket.recv_from(&mut [0; 64]).await.unwrap();
            socket.send_to(b"x", from).await.unwrap();
        };
        assert_eq!(tokio::join!(ask(), answer).0, Said::Answers);
        drop(socket);
        assert_eq!(ask().await, Said::Refuses);
    }
}
