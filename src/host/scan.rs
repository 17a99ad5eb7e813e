//! Trying a host's ports from outside: from here, and from another host.

mod here;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use super::Session;
use crate::{
    model::{
        command::{Command, Output, filled},
        desired::Protocol,
    },
    plan::scan::{Door, Said},
};

pub use here::from_here;

/// How long a port may take to answer. One that a firewall closes never does.
const PATIENCE: Duration = Duration::from_secs(2);

/// A question to any UDP port: that of a DNS client for the root's name servers (RFC 1035), to which also other servers
/// send back that they do not understand it.
const QUESTION: [u8; 17] = [0x2a, 0x2a, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];

/// As whom the host sees us, who log in: there may be others between.
///
/// # Errors
/// What the session says.
pub async fn seen_from<S: Session>(session: &S) -> Result<Option<IpAddr>, S::Error> {
    let said = session.exec(&Command::login("echo \"${SSH_CONNECTION%% *}\"")).await?;
    Ok(said.stdout.trim().parse().ok())
}

/// What another host saw of ports.
#[derive(Debug, PartialEq, Eq)]
pub enum Sight {
    /// It tried them.
    Saw {
        /// The address it went there with.
        with: IpAddr,
        /// What they said. What is not here was not tried.
        said: BTreeMap<Door, Said>,
    },
    /// It cannot try any, and why: that says nothing of the ports.
    Blind(String),
}

/// What ports of an address say on another host.
///
/// # Errors
/// What the session says.
pub async fn from_there<S: Session>(
    session: &S,
    address: IpAddr,
    ports: &BTreeSet<Door>,
) -> Result<Sight, S::Error> {
    let output = session.exec(&Command::login(script(address, ports))).await?;
    Ok(read(&output, address, ports))
}

/// Every host has bash, which knows sockets; a refusal is told apart by its words. Silence is what lasts until time is up,
/// or what a router or a firewall on the way says. Everything else is the trouble of the one who looks.
fn script(address: IpAddr, ports: &BTreeSet<Door>) -> String {
    let of = |wanted: Protocol| {
        let ports = ports.iter().filter(|(protocol, _)| *protocol == wanted);
        ports.map(|(_, port)| port.to_string()).collect::<Vec<_>>().join(" ")
    };
    let (tcp, udp) = (of(Protocol::Tcp), of(Protocol::Udp));
    let question: String = QUESTION.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    let (address, seconds) = (address.to_string(), PATIENCE.as_secs().to_string());
    let places =
        [("@ADDRESS@", address.as_str()), ("@SECONDS@", seconds.as_str()), ("@QUESTION@", question.as_str())];
    format!("tcp='{tcp}' udp='{udp}'\n{}", filled(include_str!("scan/from_there.sh"), places))
}

fn read(output: &Output, address: IpAddr, ports: &BTreeSet<Door>) -> Sight {
    let (mut said, mut trouble) = (BTreeMap::new(), None);
    for line in output.stdout.lines() {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let [protocol, port, word, why @ ..] = &words[..] else { continue };
        let protocol = if *protocol == "udp" { Protocol::Udp } else { Protocol::Tcp };
        let Ok(port) = port.parse() else { continue };
        let word = match *word {
            "answers" => Said::Answers,
            "refuses" => Said::Refuses,
            "silent" => Said::Nothing,
            _ => {
                trouble = trouble.or(Some(why.concat()));
                continue;
            }
        };
        if ports.contains(&(protocol, port)) {
            said.insert((protocol, port), word);
        }
    }
    let from = output.stdout.lines().find_map(|line| line.strip_prefix("from ")?.parse().ok());
    match (from, trouble) {
        (None, _) => Sight::Blind(format!("it has no route to {address}")),
        (Some(_), Some(why)) if said.is_empty() => Sight::Blind(why),
        (Some(_), None) if said.is_empty() && !ports.is_empty() => Sight::Blind(output.exit.to_string()),
        (Some(with), _) => Sight::Saw { with, said },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::replay::Replay;

    #[tokio::test]
    async fn a_host_says_what_answers_it_and_where_it_comes_from() {
        let host = Replay::new().prints(
            "/dev/tcp/192.0.2.1/$port",
            "from 192.0.2.7\ntcp 443 answers\ntcp 22 refuses\ntcp 5432 silent\nudp 53 answers\n",
        );
        let tried =
            [(Protocol::Tcp, 22), (Protocol::Tcp, 443), (Protocol::Tcp, 5432), (Protocol::Udp, 53)].into();
        let sight = from_there(&host, [192, 0, 2, 1].into(), &tried).await.unwrap();
        let Sight::Saw { with, said } = sight else { panic!("{sight:?}") };
        assert_eq!(with, IpAddr::from([192, 0, 2, 7]));
        let words: Vec<Said> = said.into_values().collect();
        assert_eq!(words, [Said::Refuses, Said::Answers, Said::Nothing, Said::Answers]);
        assert!(host.asked()[0].script.starts_with("tcp='22 443 5432' udp='53'\n"));
    }

    /// Of a host that cannot look nobody may say that a port was silent.
    #[tokio::test]
    async fn a_host_that_cannot_look_says_so() {
        let tried: BTreeSet<Door> = [(Protocol::Tcp, 9), (Protocol::Udp, 9)].into();
        let sight = |broken: &'static str| {
            let tried = tried.clone();
            async move {
                let script = format!("{broken}\n{}", script([127, 0, 0, 1].into(), &tried));
                let ran = tokio::process::Command::new("sh").args(["-c", &script]).output().await.unwrap();
                let stdout = String::from_utf8(ran.stdout).unwrap();
                read(&Output { stdout, ..Output::default() }, [127, 0, 0, 1].into(), &tried)
            }
        };
        let missing = "timeout: failed to run command 'bash': No such file or directory";
        let no_bash = "timeout() { echo \"timeout: failed to run command 'bash': No such file or directory\" >&2; return 127; }";
        assert_eq!(sight(no_bash).await, Sight::Blind(missing.to_owned()));
        assert_eq!(sight("timeout() { return 137; }").await, Sight::Blind("exit code 137".to_owned()));
        assert_eq!(
            sight("ip() { return 2; }").await,
            Sight::Blind("it has no route to 127.0.0.1".to_owned())
        );
        let Sight::Saw { said, .. } = sight("timeout() { return 124; }").await else { panic!() };
        assert_eq!(said.into_values().collect::<Vec<_>>(), [Said::Nothing, Said::Nothing]);
    }

    /// What the script says of sockets of this machine.
    #[tokio::test]
    async fn the_script_tells_answers_from_refusals() {
        use std::net::{TcpListener, UdpSocket};
        let (tcp, udp, mute) = (
            TcpListener::bind("127.0.0.1:0").unwrap(),
            UdpSocket::bind("127.0.0.1:0").unwrap(),
            UdpSocket::bind("127.0.0.1:0").unwrap(),
        );
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let ports = [tcp.local_addr(), udp.local_addr(), mute.local_addr()].map(|at| at.unwrap().port());
        let answering = std::thread::spawn(move || {
            let (size, from) = udp.recv_from(&mut [0; 64]).unwrap();
            udp.send_to(b"no", from).unwrap();
            size
        });
        let tried: BTreeSet<Door> = [
            (Protocol::Tcp, ports[0]),
            (Protocol::Tcp, closed),
            (Protocol::Udp, ports[1]),
            (Protocol::Udp, ports[2]),
            (Protocol::Udp, gone),
        ]
        .into();
        let ran =
            tokio::process::Command::new("sh").args(["-c", &script([127, 0, 0, 1].into(), &tried)]).output();
        let stdout = String::from_utf8(ran.await.unwrap().stdout).unwrap();
        let sight = read(&Output { stdout, ..Output::default() }, [127, 0, 0, 1].into(), &tried);
        let Sight::Saw { said, .. } = sight else { panic!("{sight:?}") };
        assert_eq!(answering.join().unwrap(), QUESTION.len());
        assert_eq!(said[&(Protocol::Tcp, ports[0])], Said::Answers);
        assert_eq!(said[&(Protocol::Tcp, closed)], Said::Refuses);
        assert_eq!(said[&(Protocol::Udp, ports[1])], Said::Answers);
        assert_eq!(said[&(Protocol::Udp, ports[2])], Said::Nothing);
        assert_eq!(said[&(Protocol::Udp, gone)], Said::Refuses);
    }
}
