//! Decimal numbers that keep their digits.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt};

/// A decimal number, held as the text of a JSON number so that no digit is lost.
///
/// Two are equal when their texts are: `1.0` and `1` are the same number but not the same `Decimal`, so that a change
/// of digits in HubSpot is a change here too.
///
/// Whatever a `Decimal` holds fits in a decimal of 38 digits, as databases and data frames have them: see
/// [`Decimal::read`] for the bounds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal<'a>(Cow<'a, str>);

/// Why a text is not a [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The text does not spell a number in the decimal system.
    #[error("not a number")]
    NotANumber,
    /// More than [`Decimal::MAX_DIGITS`] digits.
    #[error("more than {} digits", Decimal::MAX_DIGITS)]
    TooManyDigits,
    /// A number too large, too small or too finely divided: see [`Decimal::MAX_EXPONENT`].
    #[error("an exponent beyond ± {}", Decimal::MAX_EXPONENT)]
    OutOfRange,
}

impl<'a> Decimal<'a> {
    /// The most digits kept, counted from the first that is not zero to the last written.
    pub const MAX_DIGITS: usize = 38;

    /// How far from 10⁰ an exponent may be, however one reads the word: the exponent that is written out, the place of
    /// the first digit that is not zero, and the place of the last digit.
    pub const MAX_EXPONENT: i32 = 40;

    /// The number as a JSON number token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses wire text; `None` if it is not a number or out of range (38 digits, exponent within ± 40).
    pub fn parse(text: &'a str) -> Option<Self> {
        Self::read(text).ok()
    }

    /// Parses wire text, and says why it is refused.
    ///
    /// The text is digits with at most one `.` among, before or after them, a sign before, an exponent (`e` or `E`, a
    /// sign, digits) after, and nothing else: no spaces, no thousands separators. It is kept as it is where JSON allows
    /// it; otherwise a leading `+` and leading zeros go, and a missing digit beside the point becomes `0` (after it, the
    /// point goes).
    ///
    /// Digits count from the first that is not zero to the last written, trailing zeros included, because they are
    /// kept: at most [`Decimal::MAX_DIGITS`]. The written exponent, the place of the first counted digit and the place
    /// of the last must each lie within ± [`Decimal::MAX_EXPONENT`] (units are place 0, tenths place −1). Zero counts
    /// as a single digit at its last place.
    pub fn read(text: &'a str) -> Result<Self, Refusal> {
        let parts = Parts::split(text)?;
        parts.check()?;
        Ok(Self(if parts.is_json() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(parts.to_json())
        }))
    }

    /// Whether the text was a JSON number already, so that nothing was changed.
    pub const fn is_verbatim(&self) -> bool {
        matches!(self.0, Cow::Borrowed(_))
    }

    /// The greatest integer that is not above the number; `None` if it does not fit.
    pub fn floor(&self) -> Option<i64> {
        let parts = Parts::split(&self.0).ok()?;
        if parts.fraction.is_empty() && parts.exponent.is_none() {
            return self.0.parse().ok();
        }
        let mut coefficient = 0_i128;
        for digit in parts.whole.bytes().chain(parts.fraction.bytes()) {
            coefficient = coefficient * 10 + i128::from(digit - b'0');
        }
        if parts.negative {
            coefficient = -coefficient;
        }
        let place = parts.last_place();
        let power = 10_i128.checked_pow(u32::try_from(place.unsigned_abs()).ok()?);
        let floor = match power {
            Some(power) if place < 0 => coefficient.div_euclid(power),
            Some(power) => coefficient.checked_mul(power)?,
            // 38 digits are less than any power of ten that i128 does not hold.
            None if place < 0 => coefficient.signum().min(0),
            None if coefficient == 0 => 0,
            None => return None,
        };
        i64::try_from(floor).ok()
    }

    /// The same number, owning its text.
    pub fn into_owned(self) -> Decimal<'static> {
        Decimal(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A number taken apart.
struct Parts<'a> {
    negative: bool,
    /// A `+` was written.
    plus: bool,
    /// Digits before the point.
    whole: &'a str,
    /// The point was written.
    point: bool,
    /// Digits after the point.
    fraction: &'a str,
    exponent: Option<Exponent<'a>>,
}

struct Exponent<'a> {
    /// `e` or `E`, with the sign if one is written.
    mark: &'a str,
    digits: &'a str,
    /// Saturates far outside the bounds.
    value: i64,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, Refusal> {
        let (sign, rest) = split_at_while(text, |byte| byte == b'-' || byte == b'+');
        let (whole, rest) = split_at_while(rest, |byte| byte.is_ascii_digit());
        let (point, rest) = rest
            .strip_prefix('.')
            .map_or((false, rest), |rest| (true, rest));
        let (fraction, rest) = if point {
            split_at_while(rest, |byte| byte.is_ascii_digit())
        } else {
            ("", rest)
        };
        if sign.len() > 1 || whole.len() + fraction.len() == 0 {
            return Err(Refusal::NotANumber);
        }
        let exponent = if rest.is_empty() {
            None
        } else {
            Some(Exponent::split(rest)?)
        };
        Ok(Self {
            negative: sign == "-",
            plus: sign == "+",
            whole,
            point,
            fraction,
            exponent,
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        // Most numbers are a few digits and a point; only the others need their digits counted.
        if self.exponent.is_none() && self.whole.len() + self.fraction.len() <= Decimal::MAX_DIGITS
        {
            return Ok(());
        }
        let leading_zeros = leading_zeros(self.whole)
            + if leading_zeros(self.whole) == self.whole.len() {
                leading_zeros(self.fraction)
            } else {
                0
            };
        let digits = (self.whole.len() + self.fraction.len() - leading_zeros).max(1);
        if digits > Decimal::MAX_DIGITS {
            return Err(Refusal::TooManyDigits);
        }
        let written = self.exponent.as_ref().map_or(0, |exponent| exponent.value);
        let last = self.last_place();
        let first = last.saturating_add(length(digits) - 1);
        let bound = i64::from(Decimal::MAX_EXPONENT);
        let within = |place: i64| (-bound..=bound).contains(&place);
        if within(written) && within(first) && within(last) {
            Ok(())
        } else {
            Err(Refusal::OutOfRange)
        }
    }

    /// The power of ten of the last digit.
    fn last_place(&self) -> i64 {
        let exponent = self.exponent.as_ref().map_or(0, |exponent| exponent.value);
        exponent.saturating_sub(length(self.fraction.len()))
    }

    /// Whether the text is a number token by <https://www.rfc-editor.org/rfc/rfc8259#section-6>, with an exponent that
    /// has no leading zeros: JSON would allow them, but they could be of any number.
    fn is_json(&self) -> bool {
        !self.plus
            && is_plain(self.whole)
            && self.point != self.fraction.is_empty()
            && self
                .exponent
                .as_ref()
                .is_none_or(|exponent| is_plain(exponent.digits))
    }

    fn to_json(&self) -> String {
        let mut json = String::with_capacity(Decimal::MAX_DIGITS);
        if self.negative {
            json.push('-');
        }
        json.push_str(plain(self.whole));
        if !self.fraction.is_empty() {
            json.push('.');
            json.push_str(self.fraction);
        }
        if let Some(exponent) = &self.exponent {
            json.push_str(exponent.mark);
            json.push_str(plain(exponent.digits));
        }
        json
    }
}

impl<'a> Exponent<'a> {
    fn split(text: &'a str) -> Result<Self, Refusal> {
        let digits = text
            .strip_prefix(['e', 'E'])
            .map(|rest| rest.strip_prefix(['-', '+']).unwrap_or(rest))
            .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .ok_or(Refusal::NotANumber)?;
        let mark = &text[..text.len() - digits.len()];
        let magnitude = digits.bytes().fold(0_i64, |value, digit| {
            value
                .saturating_mul(10)
                .saturating_add(i64::from(digit - b'0'))
        });
        let value = if mark.ends_with('-') {
            -magnitude
        } else {
            magnitude
        };
        Ok(Self {
            mark,
            digits,
            value,
        })
    }
}

fn split_at_while(text: &str, belongs: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !belongs(byte))
        .unwrap_or(text.len());
    text.split_at(end)
}

fn leading_zeros(digits: &str) -> usize {
    digits.bytes().take_while(|&digit| digit == b'0').count()
}

/// Digits without superfluous leading zeros.
fn plain(digits: &str) -> &str {
    let digits = &digits[leading_zeros(digits)..];
    if digits.is_empty() { "0" } else { digits }
}

fn is_plain(digits: &str) -> bool {
    digits.len() == 1 || (!digits.is_empty() && !digits.starts_with('0'))
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
