//! Which services, and which one container, somebody means who wrote patterns.

use std::{collections::BTreeSet, sync::Arc};

use super::project::ProjectError;
use crate::{
    fleet::{Member, Members},
    model::{name::ServiceName, problem::Problem, selector},
};

/// The services that patterns match on any of the hosts.
///
/// # Errors
/// A pattern that matches no service.
pub fn services(patterns: &str, members: &Members) -> Result<BTreeSet<ServiceName>, ProjectError> {
    let known = members.iter().flat_map(|member| &member.desired.services).map(|service| &service.name);
    let found = selector::services(patterns, &known.collect()).map_err(ProjectError::Selection)?;
    Ok(found.into_iter().cloned().collect())
}

/// The one service of the one host that patterns match.
///
/// # Errors
/// A pattern that matches no service, or several hosts or services.
pub fn one_service(
    host: &str,
    service: &str,
    members: &Members,
) -> Result<(Arc<Member>, ServiceName), ProjectError> {
    let hosts: Vec<_> = members.iter().map(|member| (member.host().as_str(), member)).collect();
    let member = one("host", host, &hosts)?;
    let services = services(service, members)?;
    let names: Vec<_> = services.iter().map(|name| (name.as_str(), name)).collect();
    let service = one("service", service, &names)?;
    Ok((Arc::clone(member), service.clone()))
}

fn one<T: Copy>(what: &str, pattern: &str, found: &[(&str, T)]) -> Result<T, ProjectError> {
    if let [(_, only)] = found {
        return Ok(*only);
    }
    let names = found.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let message =
        format!("`{pattern}` matches more than one {what}: {names}; a command runs in one container");
    let problem = Problem::error("selector.several", message).hint(format!("name one {what}"));
    Err(ProjectError::Selection(Box::new(problem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_one_or_nothing() {
        assert_eq!(one("host", "co1", &[("co1", 1)]).unwrap(), 1);
        let error = one("host", "co*", &[("co1", 1), ("co2", 2)]).unwrap_err();
        insta::assert_snapshot!(error, @"`co*` matches more than one host: co1, co2; a command runs in one container");
        assert_eq!(error.hint().as_deref(), Some("name one host"));
    }
}
