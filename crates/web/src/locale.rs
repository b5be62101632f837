//! Languages: messages from fluent files, and how numbers, times and sizes are written.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use fluent_bundle::{
    FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle, types::FluentNumber,
};
use jiff::{Timestamp, tz::TimeZone};
use unic_langid::LanguageIdentifier;

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// All of them, the one to fall back to first.
    pub const ALL: [Self; 2] = [Self::English, Self::Japanese];

    /// The tag of BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// What speakers call it.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Japanese => "日本語",
        }
    }

    /// The language of a tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The best of an `Accept-Language` header, by its weights.
    pub fn accepted(header: &str) -> Self {
        let wish = |part: &str| {
            let mut words = part.split(';').map(str::trim);
            let tag = words.next()?.split('-').next()?.to_ascii_lowercase();
            let weight = words
                .find_map(|word| word.strip_prefix("q="))
                .map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
            Some((weight, Self::from_tag(&tag)?))
        };
        let mut best: Option<(f32, Self)> = None;
        for (weight, language) in header.split(',').filter_map(wish) {
            if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, language));
            }
        }
        best.map_or(Self::English, |(_, language)| language)
    }

    /// The files that hold its messages.
    pub(crate) const fn sources(self) -> [&'static str; 8] {
        match self {
            Self::English => [
                include_str!("../locales/en/frame.ftl"),
                include_str!("../locales/en/people.ftl"),
                include_str!("../locales/en/mappings.ftl"),
                include_str!("../locales/en/runs.ftl"),
                include_str!("../locales/en/subjects.ftl"),
                include_str!("../locales/en/schedule.ftl"),
                include_str!("../locales/en/destination.ftl"),
                include_str!("../locales/en/errors.ftl"),
            ],
            Self::Japanese => [
                include_str!("../locales/ja/frame.ftl"),
                include_str!("../locales/ja/people.ftl"),
                include_str!("../locales/ja/mappings.ftl"),
                include_str!("../locales/ja/runs.ftl"),
                include_str!("../locales/ja/subjects.ftl"),
                include_str!("../locales/ja/schedule.ftl"),
                include_str!("../locales/ja/destination.ftl"),
                include_str!("../locales/ja/errors.ftl"),
            ],
        }
    }
}

/// A language with its messages.
pub struct Locale {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

static LOCALES: LazyLock<[Arc<Locale>; 2]> =
    LazyLock::new(|| Language::ALL.map(|language| Arc::new(Locale::load(language))));

impl Locale {
    /// The locale of a language.
    pub fn of(language: Language) -> Arc<Self> {
        let at = usize::from(language == Language::Japanese);
        Arc::clone(&LOCALES[at])
    }

    /// # Panics
    /// If a fluent file is broken: it is part of the program, and a test reads it.
    fn load(language: Language) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().expect("a tag of BCP 47");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The pages hold no text that runs the other way.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(|value, _| match value {
            FluentValue::Number(number) => Some(grouped(number)),
            _ => None,
        }));
        for source in language.sources() {
            let resource = FluentResource::try_new(source.to_owned())
                .unwrap_or_else(|(_, errors)| panic!("{language:?}: {errors:?}"));
            if let Err(errors) = bundle.add_resource(resource) {
                panic!("{language:?}: {errors:?}");
            }
        }
        Self { language, bundle }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The tag of BCP 47.
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// Whether there is a message of that name.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A message, to which arguments can be added.
    pub fn say<'a>(&'a self, key: &'a str) -> Message<'a> {
        Message {
            locale: self,
            key,
            args: FluentArgs::new(),
        }
    }

    /// A message of a family: `family-name`.
    pub fn named(&self, family: &str, name: &str) -> String {
        self.text(&format!("{family}-{name}"))
    }

    /// A message without arguments.
    pub fn text(&self, key: &str) -> String {
        self.say(key).to_string()
    }

    /// A count, in groups of three digits.
    pub fn number(&self, number: impl Count) -> String {
        group(&number.count().to_string())
    }

    /// A share in percent: whole from ten on, with a digit more below, and never 100 or 0 when it is not all or nothing.
    pub fn share(&self, part: impl Count, whole: impl Count) -> String {
        let (part, whole) = (part.count(), whole.count());
        if whole == 0 {
            return "–".into();
        }
        #[expect(clippy::cast_precision_loss, reason = "for show, to three digits")]
        let share = part as f64 * 100.0 / whole as f64;
        if part == 0 {
            "0 %".into()
        } else if part == whole {
            "100 %".into()
        } else if share < 0.1 {
            "< 0.1 %".into()
        } else if share > 99.9 {
            "> 99.9 %".into()
        } else if !(10.0..99.5).contains(&share) {
            format!("{share:.1} %")
        } else {
            format!("{share:.0} %")
        }
    }

    /// A moment in a zone, to the minute.
    pub fn time(&self, at: Timestamp, zone: &TimeZone) -> String {
        let at = at.to_zoned_datetime(zone.clone());
        match self.language {
            Language::English => at.strftime("%b %-d, %Y, %H:%M").to_string(),
            Language::Japanese => at.strftime("%Y年%-m月%-d日 %H:%M").to_string(),
        }
    }

    /// A day in a zone.
    pub fn date(&self, at: Timestamp, zone: &TimeZone) -> String {
        let at = at.to_zoned_datetime(zone.clone());
        match self.language {
            Language::English => at.strftime("%b %-d, %Y").to_string(),
            Language::Japanese => at.strftime("%Y年%-m月%-d日").to_string(),
        }
    }

    /// How long ago, or how far ahead, in the largest unit that fits.
    pub fn ago(&self, at: Timestamp, now: Timestamp) -> String {
        let seconds = now.as_second() - at.as_second();
        let (key, count) = match seconds.unsigned_abs() {
            0..60 => return self.text("ago-now"),
            minutes @ 60..3_600 => ("minutes", minutes / 60),
            hours @ 3_600..86_400 => ("hours", hours / 3_600),
            days => ("days", days / 86_400),
        };
        let direction = if seconds < 0 { "ahead" } else { "ago" };
        self.say(&format!("{direction}-{key}"))
            .n("count", count)
            .to_string()
    }

    /// A length of time.
    pub fn duration(&self, seconds: f64) -> String {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "for show; a negative length is none"
        )]
        let whole = seconds.max(0.0).round() as u64;
        if seconds < 10.0 {
            self.say("duration-seconds")
                .s("count", format!("{seconds:.1}"))
                .to_string()
        } else if whole < 120 {
            self.say("duration-seconds").n("count", whole).to_string()
        } else if whole < 7_200 {
            self.say("duration-minutes")
                .n("count", whole / 60)
                .to_string()
        } else {
            self.say("duration-hours")
                .n("hours", whole / 3_600)
                .n("minutes", whole / 60 % 60)
                .to_string()
        }
    }

    /// A size in bytes, by thousands.
    pub fn bytes(&self, bytes: impl Count) -> String {
        let bytes = bytes.count();
        #[expect(clippy::cast_precision_loss, reason = "for show, to three digits")]
        let size = bytes as f64;
        match bytes {
            0..1_000 => format!("{bytes} B"),
            1_000..1_000_000 => format!("{:.0} kB", size / 1e3),
            1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
            _ => format!("{:.2} GB", size / 1e9),
        }
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Locale").field(&self.language).finish()
    }
}

/// A count, or a reference to one: templates pass either.
pub trait Count {
    /// The count.
    fn count(&self) -> u64;
}

impl Count for u64 {
    fn count(&self) -> u64 {
        *self
    }
}

impl Count for u32 {
    fn count(&self) -> u64 {
        (*self).into()
    }
}

impl Count for usize {
    fn count(&self) -> u64 {
        u64::try_from(*self).unwrap_or(u64::MAX)
    }
}

impl<T: Count + ?Sized> Count for &T {
    fn count(&self) -> u64 {
        (**self).count()
    }
}

/// A message with its arguments.
pub struct Message<'a> {
    locale: &'a Locale,
    key: &'a str,
    args: FluentArgs<'a>,
}

impl<'a> Message<'a> {
    /// With a number, which may decide between singular and plural.
    #[must_use]
    pub fn n(mut self, name: &'a str, number: impl Count) -> Self {
        let number = number.count();
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts stay far below 2^53, and only their digits are shown"
        )]
        self.args.set(name, FluentValue::from(number as f64));
        self
    }

    /// With a text.
    #[must_use]
    pub fn s(mut self, name: &'a str, text: impl fmt::Display) -> Self {
        self.args.set(name, text.to_string());
        self
    }
}

/// The message; its name when there is none, which a test keeps from happening.
impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bundle = &self.locale.bundle;
        let pattern = bundle
            .get_message(self.key)
            .and_then(|message| message.value());
        let Some(pattern) = pattern else {
            debug_assert!(false, "no message {}", self.key);
            return f.write_str(self.key);
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&self.args), &mut errors);
        debug_assert!(errors.is_empty(), "{}: {errors:?}", self.key);
        f.write_str(&text)
    }
}

fn grouped(number: &FluentNumber) -> String {
    group(&number.as_string())
}

/// A number's digits before the point in groups of three.
pub(crate) fn group(digits: &str) -> String {
    let (whole, rest) = digits
        .split_once('.')
        .map_or((digits, ""), |(whole, _)| (whole, &digits[whole.len()..]));
    let mut text = String::with_capacity(digits.len() + 4);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_wish_is_weighed() {
        for (header, language) in [
            ("", Language::English),
            ("ja", Language::Japanese),
            ("fr, ja;q=0.4, en;q=0.3", Language::Japanese),
            ("en-US,en;q=0.9,ja;q=0.8", Language::English),
            ("ja-JP;q=0", Language::English),
            ("*;q=0.5, nonsense;;;q=x", Language::English),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn numbers_are_grouped_and_shares_are_honest() {
        let locale = Locale::of(Language::English);
        assert_eq!(locale.number(1_234_567_u64), "1,234,567");
        assert_eq!(locale.number(999_u64), "999");
        for (part, whole, share) in [
            (0_u64, 10_u64, "0 %"),
            (1, 100_000, "< 0.1 %"),
            (1, 30, "3.3 %"),
            (1, 3, "33 %"),
            (999_999, 1_000_000, "> 99.9 %"),
            (998, 1_000, "99.8 %"),
            (10, 10, "100 %"),
            (0, 0, "–"),
        ] {
            assert_eq!(locale.share(part, whole), share);
        }
    }
}
