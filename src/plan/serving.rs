//! Which container of a service serves, for those who only look: no inventory is needed to tell.

use std::cmp::Reverse;

use super::leftover::is_up;
use crate::{change::ServiceMap, facts::state::ContainerState};

/// The container of a service that serves: of those that are up the one the kernel leads to, else the one that has been up
/// longest. Where none is up, the one that was up last.
pub fn serving<'a>(
    service: &str,
    containers: &'a [ContainerState],
    map: &ServiceMap,
) -> Option<&'a ContainerState> {
    let led = map.targets();
    let is_led =
        |found: &ContainerState| found.addresses.values().flatten().any(|address| led.contains(address));
    let (up, down): (Vec<_>, Vec<_>) =
        containers.iter().filter(|found| found.service == service).partition(|found| is_up(found));
    let first = up
        .into_iter()
        .max_by_key(|found| (is_led(found), found.serves(), found.stays_up(), Reverse(&found.started)));
    first.or_else(|| down.into_iter().max_by_key(|found| &found.started))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::desired::{Protocol, RestartPolicy, Slot};

    fn container(slot: Slot, status: &str, started: &str) -> ContainerState {
        let address = match slot {
            Slot::A => [172, 28, 0, 2],
            Slot::B => [172, 28, 0, 3],
        };
        ContainerState {
            name: format!("acme_core_{}", slot.as_str()),
            role: "core".to_owned(),
            service: "core".to_owned(),
            slot: Some(slot),
            hash: String::new(),
            restart: RestartPolicy::UnlessStopped,
            image: "core:1".to_owned(),
            image_id: String::new(),
            digest: None,
            stop_timeout: None,
            status: status.to_owned(),
            health: Some("healthy".to_owned()),
            is_unchecked: false,
            is_leaving: false,
            addresses: [("acme_front".to_owned(), vec![address.into()])].into(),
            writes: [].into(),
            started: started.to_owned(),
        }
    }

    fn led_to(last: u8) -> ServiceMap {
        let to = ([172, 28, 0, last], 3000).into();
        ServiceMap::from_entries([((Protocol::Tcp, 443), to)])
    }

    fn slot(containers: &[ContainerState], map: &ServiceMap) -> Option<Slot> {
        serving("core", containers, map)?.slot
    }

    #[test]
    fn of_two_that_are_up_the_one_the_kernel_leads_to_serves() {
        let both = [container(Slot::A, "running", "1"), container(Slot::B, "running", "2")];
        assert_eq!(slot(&both, &led_to(2)), Some(Slot::A));
        assert_eq!(slot(&both, &led_to(3)), Some(Slot::B));
        let nobody_dials = ServiceMap::default();
        assert_eq!(slot(&both, &nobody_dials), Some(Slot::A));
    }

    #[test]
    fn what_is_up_comes_before_what_the_kernel_leads_to() {
        let kept = [container(Slot::A, "exited", "2"), container(Slot::B, "running", "1")];
        assert_eq!(slot(&kept, &led_to(2)), Some(Slot::B));
        let mut leaving = [container(Slot::A, "running", "1"), container(Slot::B, "running", "2")];
        leaving[0].is_leaving = true;
        assert_eq!(slot(&leaving, &ServiceMap::default()), Some(Slot::B));
        let mut ill = [container(Slot::A, "running", "1"), container(Slot::B, "running", "2")];
        ill[0].health = Some("unhealthy".to_owned());
        assert_eq!(slot(&ill, &ServiceMap::default()), Some(Slot::B));
    }

    #[test]
    fn where_none_is_up_it_is_the_last_that_was() {
        let down = [container(Slot::A, "exited", "2"), container(Slot::B, "exited", "1")];
        assert_eq!(slot(&down, &led_to(3)), Some(Slot::A));
        assert_eq!(serving("redis", &down, &led_to(3)), None);
    }
}
