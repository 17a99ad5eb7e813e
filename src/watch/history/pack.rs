//! All figures of a row in as few bytes as may be.
//!
//! A figure is the distance to the series before it, a byte that says what follows, the bytes of its mean up to the last that is
//! not zero, and, where they are others, three bytes each of its least and its most.

/// What was measured of one series in the time of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// The number of the series.
    pub series: u32,
    /// The mean.
    pub mean: f64,
    /// The least, to 5 digits.
    pub least: f64,
    /// The most, to 5 digits.
    pub most: f64,
}

impl Figure {
    /// A single value, which is kept to its last digit.
    pub fn single(series: u32, value: f64) -> Self {
        Self { series, mean: value, least: value, most: value }
    }

    /// Of many values: the mean is kept to 7 digits.
    pub fn of_many(series: u32, (sum, count): (f64, u32), least: f64, most: f64) -> Self {
        if least == most {
            return Self::single(series, least);
        }
        #[expect(clippy::cast_possible_truncation, reason = "7 digits are what is kept")]
        let mean = (sum / f64::from(count)) as f32;
        Self { series, mean: f64::from(mean), least, most }
    }
}

/// That least and most follow the mean.
const SPREAD: u8 = 1 << 4;

/// How many bytes of the mean there are: 0 to 8.
const BYTES: u8 = SPREAD - 1;

/// Packs figures, which are in order of their series.
pub fn pack(figures: &[Figure]) -> Vec<u8> {
    let (mut packed, mut before) = (Vec::with_capacity(figures.len() * 8), 0);
    for one in figures {
        put_count(&mut packed, one.series.saturating_sub(before));
        before = one.series;
        let bits = one.mean.to_bits();
        let bytes = (64 - bits.trailing_zeros()).div_ceil(8);
        let bytes = u8::try_from(bytes).unwrap_or(8);
        let is_spread = one.least != one.most;
        packed.push(bytes | if is_spread { SPREAD } else { 0 });
        packed.extend(bits.to_be_bytes().into_iter().take(usize::from(bytes)));
        if is_spread {
            packed.extend(short(one.least));
            packed.extend(short(one.most));
        }
    }
    packed
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put_count(packed: &mut Vec<u8>, mut count: u32) {
    while count >= 0x80 {
        packed.push(count.to_le_bytes()[0] | 0x80);
        count >>= 7;
    }
    packed.push(count.to_le_bytes()[0]);
}

/// The first three bytes of a single-precision number, rounded.
fn short(value: f64) -> [u8; 3] {
    #[expect(clippy::cast_possible_truncation, reason = "5 digits are what is kept")]
    let bits = (value as f32).to_bits();
    // Infinity and what is no number have no last digits to round.
    let rounded = if value.is_finite() { bits.saturating_add(0x80) } else { bits };
    let [first, second, third, _] = rounded.to_be_bytes();
    [first, second, third]
}

/// Unpacks figures. A row that was damaged ends where it makes no sense.
pub fn unpack(packed: &[u8]) -> Figures<'_> {
    Figures { packed, series: 0 }
}

/// The figures of a row, in order of their series.
pub struct Figures<'a> {
    packed: &'a [u8],
    series: u32,
}

impl Figures<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.packed.split_first()?;
        self.packed = rest;
        Some(*first)
    }

    fn count(&mut self) -> Option<u32> {
        let mut count = 0_u32;
        for shift in (0..32).step_by(7) {
            let byte = self.byte()?;
            count |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(count);
            }
        }
        None
    }

    fn short(&mut self) -> Option<f64> {
        let ([first, second, third], rest) = self.packed.split_first_chunk()?;
        let value = f32::from_be_bytes([*first, *second, *third, 0]);
        self.packed = rest;
        Some(f64::from(value))
    }
}

impl Iterator for Figures<'_> {
    type Item = Figure;

    fn next(&mut self) -> Option<Figure> {
        self.series = self.series.checked_add(self.count()?)?;
        let tag = self.byte()?;
        let (bytes, rest) = self.packed.split_at_checked(usize::from(tag & BYTES))?;
        let mut bits = [0; 8];
        bits.get_mut(..bytes.len())?.copy_from_slice(bytes);
        self.packed = rest;
        let mean = f64::from_be_bytes(bits);
        if tag & SPREAD == 0 {
            return Some(Figure::single(self.series, mean));
        }
        let (least, most) = (self.short()?, self.short()?);
        // Rounding may have put them on the wrong side.
        Some(Figure { series: self.series, mean, least: least.min(mean), most: most.max(mean) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn what_is_often_so_takes_few_bytes() {
        let zero = pack(&[Figure::single(1, 0.0)]);
        assert_eq!(zero, [1, 0]);
        let whole = pack(&[Figure::single(1, 16_777_216.0), Figure::single(2, 16_777_216.0)]);
        assert_eq!(whole.len(), 2 * (2 + 2));
        let many = Figure::of_many(300, (0.7, 3), 0.1, 0.4);
        assert_eq!(pack(&[many]).len(), 2 + 1 + 5 + 3 + 3);
    }

    #[test]
    fn a_mean_lies_between_its_least_and_its_most() {
        for value in [1.0e9 + 1.0, 0.1, 65_488_580_608.0] {
            let packed = pack(&[Figure::of_many(1, (2.0 * value, 2), value, value * 1.000_001)]);
            let found = unpack(&packed).next().unwrap();
            assert!(found.least <= found.mean && found.mean <= found.most, "{found:?}");
            assert!((found.least - value).abs() < value * 2e-5 && (found.most - value).abs() < value * 2e-5);
        }
    }

    #[test]
    fn a_damaged_row_ends() {
        let packed = pack(&[Figure::single(1, 0.1), Figure::single(2, 0.3)]);
        for end in 0..packed.len() {
            assert!(unpack(&packed[..end]).count() < 2);
        }
        assert_eq!(unpack(&[0xff; 64]).count(), 0);
    }

    proptest! {
        #[test]
        fn a_sample_comes_back_to_its_last_digit(mut series in vec(1..5_000_000_u32, 0..200), value: f64) {
            series.sort_unstable();
            series.dedup();
            let figures: Vec<_> = series.into_iter().map(|series| Figure::single(series, value)).collect();
            let found: Vec<_> = unpack(&pack(&figures)).collect();
            prop_assert_eq!(found.len(), figures.len());
            for (found, figure) in found.iter().zip(&figures) {
                prop_assert_eq!((found.series, found.mean.to_bits()), (figure.series, figure.mean.to_bits()));
            }
        }

        #[test]
        fn no_bytes_make_it_stumble(packed in vec(any::<u8>(), 0..300)) {
            prop_assert!(unpack(&packed).count() <= 150);
        }
    }
}
