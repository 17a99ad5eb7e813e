//! What is hidden when a line of an inventory is shown: values of keys that name a secret.

/// The text with such values hidden and every byte in its old place, so that places still fit. Works on lines, because
/// the text to be shown is often not YAML yet.
pub fn mask(text: &str) -> String {
    let mut hidden_below = None;
    text.split_inclusive('\n').map(|line| mask_line(line, &mut hidden_below)).collect()
}

/// `hidden_below`: the indentation of the key whose deeper lines are hidden as well.
fn mask_line(line: &str, hidden_below: &mut Option<usize>) -> String {
    let content = line.trim_end();
    let start = content.len() - content.trim_start_matches([' ', '\t', '-']).len();
    if content.len() == start || content[start..].starts_with('#') {
        return line.to_owned();
    }
    *hidden_below = hidden_below.filter(|indentation| start > *indentation);
    let key = content[start..].split(':').next().filter(|key| key.len() < content.len() - start);
    let Some(key) = key.map(|key| key.trim_matches(['"', '\'', ' '])) else {
        return if hidden_below.is_some() { stars(line, start, content.len()) } else { line.to_owned() };
    };
    if names_secret(key) {
        *hidden_below = Some(start);
    }
    let from = (hidden_below.is_some() && !names_place(key)).then_some(start);
    match from.into_iter().chain(inner_keys(content)).find_map(|from| value_after(content, from)) {
        Some(value) => stars(line, value, content.len()),
        None => line.to_owned(),
    }
}

/// Where keys that name a secret start inside a `{ ... }` of the line.
fn inner_keys(content: &str) -> impl Iterator<Item = usize> {
    let starts = content.match_indices(['{', ',']).map(|(at, _)| at + 1);
    starts.filter(|&at| {
        content[at..]
            .split_once(':')
            .is_some_and(|(key, _)| names_secret(key.trim().trim_matches(['"', '\''])))
    })
}

/// Where the value of the key at `from` starts, if it stands on this line and is no mapping of its own.
fn value_after(content: &str, from: usize) -> Option<usize> {
    let colon = from + content[from..].find(':')? + 1;
    let value = content[colon..].trim_start();
    let shown = ["{", "|", ">", "#"].iter().any(|start| value.starts_with(start));
    (!value.is_empty() && !shown).then(|| content.len() - value.len())
}

fn names_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let telling = ["pass", "secret", "token", "credential"].iter().any(|word| key.contains(word));
    telling || key == "value" || key == "key"
}

/// `env: NAME` and `file: PATH` say where a secret is, not what it is.
fn names_place(key: &str) -> bool {
    key == "env" || key == "file"
}

/// The same number of bytes, but not the same number of stars: its length is nobody's business either.
fn stars(line: &str, from: usize, to: usize) -> String {
    let hidden: String = (0..to - from).map(|index| if index < 4 { '*' } else { ' ' }).collect();
    format!("{}{hidden}{}", &line[..from], &line[to..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_nothing_moves() {
        let text = "\
registry:
  username: puller
  password: hunter2 # old
  passwort: { value: hunter2, more: 1 }
ssh: { user: admin, passphrase: hunter2 }
secrets:
  smtp: { env: SMTP }
  sms: hunter2
  pem:
    value: |
      hunter2
      hunter2
tls: { key: { file: platform.key } }
sudo_password:
  hunter2
hosts:
  co1: { host_key: SHA256:abc }
";
        let masked = mask(text);
        assert_eq!(masked.len(), text.len());
        let lines: Vec<_> = masked.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        registry:
          username: puller
          password: ****
          passwort: { value: ****
        ssh: { user: admin, passphrase: ****
        secrets:
          smtp: { env: SMTP }
          sms: ****
          pem:
            value: |
              ****
              ****
        tls: { key: { file: platform.key } }
        sudo_password:
          ****
        hosts:
          co1: { host_key: SHA256:abc }
        ");
        assert!(!masked.contains("hunter2"));
    }

    #[test]
    fn what_holds_no_secret_stays() {
        let text = "platform: acme\n# password: none\nhosts:\n  co1: { address: 203.0.113.1 }\n";
        assert_eq!(mask(text), text);
    }
}
