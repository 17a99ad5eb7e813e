//! DNS over UDP, one question at a time.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicU16, Ordering},
};

use tokio::net::UdpSocket;

use super::Answer;

/// Each question has a number of its own, so that a late answer to another is not taken for its own.
static NUMBER: AtomicU16 = AtomicU16::new(1);

/// A socket with a port of its own that speaks only to a server.
pub async fn socket(at: SocketAddr) -> UdpSocket {
    let own: SocketAddr = match at {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(own).await.unwrap();
    socket.connect(at).await.unwrap();
    socket
}

/// Asks for the IPv4 address of a name; good is an answer without error that holds one.
pub async fn ask(socket: &UdpSocket, name: &str) -> Result<Answer, String> {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    // One question, recursion not wanted.
    let mut question = [number.as_slice(), &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).unwrap());
        question.extend(label.as_bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    socket.send(&question).await.map_err(|error| error.to_string())?;
    let mut answer = [0; 1500];
    loop {
        let length = socket.recv(&mut answer).await.map_err(|error| error.to_string())?;
        if length < 12 || answer[..2] != number {
            continue;
        }
        let (code, records) = (answer[3] & 15, u16::from_be_bytes([answer[6], answer[7]]));
        return if code == 0 && records > 0 { Ok(Answer::Good) } else { Err(format!("error {code}")) };
    }
}
