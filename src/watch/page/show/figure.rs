//! Figures as people read them.

/// A share of one as whole percent; a little is not nothing.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 { "<1 %".to_owned() } else { format!("{percent:.0} %") }
}

/// Bytes in units of 1024.
pub fn bytes(bytes: f64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
}

/// A number in units of 1000.
pub fn plain(value: f64) -> String {
    scaled(value, 1000.0, &["", "k", "M", "G", "T"])
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let mut rest = value;
    let mut at = 0;
    while rest.abs() >= step && at + 1 < units.len() {
        rest /= step;
        at += 1;
    }
    let digits = if rest.abs() >= 100.0 || (at == 0 && rest.fract() == 0.0) {
        0
    } else if rest.abs() >= 10.0 {
        1
    } else {
        2
    };
    let unit = units.get(at).copied().unwrap_or_default();
    format!("{rest:.digits$} {unit}").trim_end().to_owned()
}

/// How long ago in one unit.
pub fn ago(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        172_800.. => format!("{} days", seconds / 86_400),
    }
}

/// A time in RFC 3339 to the minute, as in `2026-11-30 08:30 UTC`.
pub fn minute(time: &str) -> String {
    match (time.get(..10), time.get(11..16), time.ends_with('Z')) {
        (Some(day), Some(minute), true) => format!("{day} {minute} UTC"),
        (_, _, _) => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!([0.0, 0.004, 0.126, 1.0].map(percent), ["0 %", "<1 %", "13 %", "100 %"]);
        assert_eq!(
            [0.0, 512.0, 1536.0, 25_275_514_880.0].map(bytes),
            ["0 B", "512 B", "1.50 KiB", "23.5 GiB"]
        );
        assert_eq!([0.5, 12.0, 999.0, 123_456.0].map(plain), ["0.50", "12", "999", "123 k"]);
        assert_eq!(
            [-1, 59, 61, 7200, 90_000, 200_000].map(ago),
            ["0 s", "59 s", "1 min", "2 h", "25 h", "2 days"]
        );
        assert_eq!(minute("2026-11-30T08:30:59Z"), "2026-11-30 08:30 UTC");
    }
}
