//! In which order things start: what is needed stands first, ties keep the order given.

/// Sorts so that everything comes after what it needs. What it needs and is not in the list is passed over.
///
/// # Errors
/// The items that wait for one another in a circle, and those that wait for them.
pub(super) fn sort<T: Clone + PartialEq>(
    items: &[T],
    needs: impl Fn(&T) -> Vec<T>,
) -> Result<Vec<T>, Vec<T>> {
    let (mut sorted, mut rest): (Vec<T>, Vec<T>) = (Vec::new(), items.to_vec());
    while !rest.is_empty() {
        let waits = |item: &T| needs(item).iter().any(|need| rest.contains(need));
        let Some(ready) = rest.iter().position(|item| !waits(item)) else { return Err(rest) };
        sorted.push(rest.remove(ready));
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_stands_first_and_ties_keep_their_order() {
        let needs = |item: &&'static str| match *item {
            "web" => vec!["app", "elsewhere"],
            "app" => vec!["store"],
            _ => vec![],
        };
        assert_eq!(sort(&["web", "app", "mail", "store"], needs), Ok(vec!["mail", "store", "app", "web"]));
        assert_eq!(sort(&["b", "a"], needs), Ok(vec!["b", "a"]));
        assert_eq!(sort(&["a", "b"], |item| vec![if *item == "a" { "b" } else { "a" }]), Err(vec!["a", "b"]));
    }
}
