//! Systems that get every sample: they can be reached, and safely.

use super::receiver;
use crate::model::{
    inventory::{Export, Inventory, RemoteWrite, Statsd},
    problem::{Place, Problem},
};

pub fn check(inventory: &Inventory) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, export) in inventory.watch.export.iter().enumerate() {
        let place = |key: &str| inventory.place(&["watch", "export", &index.to_string(), export.word(), key]);
        problems.extend(receiver::secret(inventory, export.secret(), &place));
        match export {
            Export::Statsd(server) => problems.extend(address(server, &place)),
            Export::RemoteWrite(store) => {
                problems.extend(receiver::url(&store.url, "samples", &place));
                problems.extend(login(store, &place));
            }
        }
    }
    problems
}

fn address(server: &Statsd, place: &dyn Fn(&str) -> Option<Place>) -> Option<Problem> {
    let fits = server.address.rsplit_once(':').is_some_and(|(host, port)| {
        let is_bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
        !host.is_empty() && !is_bare_v6 && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let problem = || Problem::error("statsd.address", format!("`{}` is no host and port", server.address));
    (!fits).then(|| problem().hint("write both, as in `127.0.0.1:8125` or `[::1]:8125`").at(place("address")))
}

fn login(store: &RemoteWrite, place: &dyn Fn(&str) -> Option<Place>) -> Option<Problem> {
    let problem = || Problem::error("remote-write.login", "`username` has no `password`");
    let is_half = store.username.is_some() && store.password.is_none();
    is_half.then(|| {
        problem()
            .hint("add `password` with the name of one of `secrets`, or leave out `username`")
            .at(place("username"))
    })
}
