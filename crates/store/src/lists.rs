//! Columns that come as one text: handing over a million rows one by one costs more than reading them.

/// Whole numbers joined by spaces, as `group_concat(column, ' ')` makes them.
///
/// Reading stops at what is no number; [`Numbers::is_done`] tells it from the end.
pub(crate) struct Numbers<'a>(&'a [u8]);

impl<'a> Numbers<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.as_bytes())
    }

    /// Whether all of the text was read.
    pub(crate) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

impl Iterator for Numbers<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let (negative, digits) = match self.0 {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let mut number = 0_i64;
        let mut read = 0;
        for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
            // Downwards, because there is one negative number more than there are positive ones.
            number = number
                .checked_mul(10)?
                .checked_sub(i64::from(digit - b'0'))?;
            read += 1;
        }
        let rest = match digits.get(read..)? {
            _ if read == 0 => return None,
            [] => &[],
            [b' ', rest @ ..] if !rest.is_empty() => rest,
            _ => return None,
        };
        let number = if negative {
            number
        } else {
            number.checked_neg()?
        };
        self.0 = rest;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_from_the_end() {
        for text in [
            "x",
            "1 x",
            "1  2",
            "1 ",
            " 1",
            "-",
            "9223372036854775808",
            "1.5",
        ] {
            let mut numbers = Numbers::new(text);
            numbers.by_ref().for_each(drop);
            assert!(!numbers.is_done(), "{text:?}");
        }
        assert!(Numbers::new("").is_done());
    }

    proptest::proptest! {
        #[test]
        fn numbers_are_read_back(numbers: Vec<i64>) {
            let text: Vec<String> = numbers.iter().map(i64::to_string).collect();
            let text = text.join(" ");
            let mut list = Numbers::new(&text);
            proptest::prop_assert_eq!(list.by_ref().collect::<Vec<_>>(), numbers);
            proptest::prop_assert!(list.is_done());
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".*") {
            Numbers::new(&text).for_each(drop);
        }
    }
}
