//! Lets lab hosts reach a proxy or a mirror of apt that listens on this machine's loopback only.
//!
//! A host's loopback is its own, so what apt here reaches at 127.0.0.1 is offered to the lab at the gateway of its
//! network, by systemd's socket proxy in a container that shares the machine's network.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    IMAGE_LABEL, LABEL,
    engine::{Docker, Standing},
    error::LabError,
    image::Image,
};
use crate::model::inventory::{LabHost, LabImage};

/// Any host image has systemd's socket proxy.
pub(super) const IMAGE: Image = Image::Host(LabHost { image: LabImage::Debian12, bare: true });
const SCRIPT: &str = "trap exit TERM; systemd-socket-activate --listen \"$1:$2\" \
                      /usr/lib/systemd/systemd-socket-proxyd \"localhost:$2\" & wait";

/// A text of apt's configuration with every loopback address replaced, and the ports that were meant.
pub(super) fn redirect(text: &str, to: IpAddr) -> (String, BTreeSet<u16>) {
    let (mut done, mut rest, mut ports) = (String::new(), text, BTreeSet::new());
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        let end = after.find(['/', '"', ';', ' ', '\n']).unwrap_or(after.len());
        let (authority, after) = after.split_at(end);
        let (user, place) = authority.rsplit_once('@').map_or(("", authority), |(user, place)| (user, place));
        done += before;
        match loopback_port(place, before) {
            Some(port) => {
                ports.insert(port);
                let separator = if user.is_empty() { "" } else { "@" };
                done += &format!("{user}{separator}{to}:{port}");
            }
            None => done += authority,
        }
        rest = after;
    }
    (done + rest, ports)
}

/// The port of `HOST[:PORT]` if the host is this machine itself.
fn loopback_port(place: &str, before: &str) -> Option<u16> {
    let usual = if before.ends_with("https://") { 443 } else { 80 };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        Some(_) | None => (place, usual),
    };
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    (host == "localhost" || address.is_some_and(|address| address.is_loopback())).then_some(port)
}

/// Offers one loopback port at the gateway.
///
/// # Errors
/// What `docker` says.
pub(super) async fn ensure(
    docker: &Docker,
    lab: &str,
    prefix: &str,
    gateway: IpAddr,
    port: u16,
) -> Result<(), LabError> {
    let container = format!("{prefix}-relay-{port}");
    let image = IMAGE.tag();
    let (label, image_label) = (format!("{LABEL}={lab}"), format!("{IMAGE_LABEL}={image}"));
    let ours = ["run", "--detach", "--name", &container, "--label", &label, "--label", &image_label];
    let (gateway, port) = (gateway.to_string(), port.to_string());
    let what = ["--network=host", image, "sh", "-c", SCRIPT, "relay", &gateway, &port];
    match docker.look(&container).await? {
        Standing::Running => Ok(()),
        Standing::Stopped => docker.run(&["start", &container]).await.map(drop),
        Standing::Missing => docker.run(&[&ours[..], &what[..]].concat()).await.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loopback_is_redirected() {
        let text = "Acquire::http::Proxy \"http://127.0.0.1:3142/\";\nURIs: https://me:pw@localhost/debian\n\
                    URIs: http://[::1]:8080/debian\nURIs: http://mirror.example:3142/debian\n";
        let (text, ports) = redirect(text, "10.213.7.1".parse().unwrap());
        insta::assert_snapshot!(text, @r#"
        Acquire::http::Proxy "http://10.213.7.1:3142/";
        URIs: https://me:pw@10.213.7.1:443/debian
        URIs: http://10.213.7.1:8080/debian
        URIs: http://mirror.example:3142/debian
        "#);
        assert_eq!(ports, BTreeSet::from([443, 3142, 8080]));
    }
}
