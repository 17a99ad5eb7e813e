//! The word somebody probably meant.

/// The candidate nearest to a word, if any is near enough to be worth a question; the first of equals.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong: `adress`, `admin_network`, `regsiter`, but not `become` for `zone`.
    let allowed = (word.chars().count().div_ceil(3)).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

/// `did you mean ...?`, or else the whole choice.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => choice(candidates),
    }
}

fn choice<'a>(candidates: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = candidates.into_iter().map(|word| format!("`{word}`")).collect();
    match &words[..] {
        [] => "none is defined".to_owned(),
        [one] => format!("use {one}"),
        several => format!("use one of {}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        assert_eq!(distance("adress", "address"), 1);
        assert_eq!(distance("regsiter", "register"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        assert_eq!(nearest("regsiter", ["core", "register", "static-web"]), Some("register"));
        assert_eq!(nearest("become", ["zone", "roles"]), None);
        assert_eq!(suggest("eux", ["ch", "eu"]), "did you mean `eu`?");
        assert_eq!(suggest("mars", ["ch", "eu"]), "use one of `ch`, `eu`");
    }
}
