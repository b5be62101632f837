//! Reads an answer of the usual form in one pass over its text.
//!
//! A page is read a million times over in one sync, and nearly all of its bytes are values that need no more than
//! finding their end. What this scanner does not expect makes it give up, and [`salvage`](crate::salvage) reads the
//! answer with care instead.

use crate::{
    columns::Slot,
    decode::{Rest, Sink, milliseconds, record_id},
};

/// A place in a text of JSON. Every method returns `None` when the text is not of the usual form.
pub(crate) struct Scanner<'b> {
    text: &'b str,
    at: usize,
}

/// A string, as it stands or to be unescaped.
enum Text<'b> {
    Plain(&'b str),
    /// With its quotes.
    Escaped(&'b str),
}

impl Text<'_> {
    fn unescape(raw: &str) -> Option<String> {
        serde_json::from_str(raw).ok()
    }
}

impl<'b> Scanner<'b> {
    pub(crate) fn new(text: &'b str) -> Self {
        Self { text, at: 0 }
    }

    /// Reads a whole answer.
    pub(crate) fn answer(mut self, sink: &mut Sink<'b>) -> Option<Rest> {
        let mut rest = Rest::default();
        let mut seen = false;
        self.object(|scanner, key| match key {
            "results" if seen => None,
            "results" => {
                seen = true;
                scanner.list(|scanner| scanner.record(sink))
            }
            "total" => scanner.json().map(|json| rest.total = json),
            "paging" => scanner.json().map(|json| rest.paging = json),
            "errors" => scanner.json().map(|json| rest.errors = json),
            _ => scanner.skip().map(drop),
        })?;
        (seen && self.is_at_end()).then_some(rest)
    }

    /// Reads one record that is the whole text.
    pub(crate) fn whole_record(mut self, sink: &mut Sink<'b>) -> Option<()> {
        self.record(sink)?;
        self.is_at_end().then_some(())
    }

    fn record(&mut self, sink: &mut Sink<'b>) -> Option<()> {
        sink.begin();
        let mut id = None;
        let mut updated_at_ms = None;
        let mut archived = false;
        self.object(|scanner, key| {
            match key {
                "id" => id = Some(record_id(scanner.scalar()?)?),
                "properties" => scanner.properties(sink)?,
                "updatedAt" => updated_at_ms = milliseconds(scanner.scalar()?),
                "archived" => {
                    archived = match scanner.skip()? {
                        "true" => true,
                        "false" => false,
                        _ => return None,
                    };
                }
                _ => {
                    scanner.skip()?;
                }
            }
            Some(())
        })?;
        sink.end(id?, updated_at_ms, archived);
        Some(())
    }

    fn properties(&mut self, sink: &mut Sink<'b>) -> Option<()> {
        self.byte(b'{')?;
        if self.peek()? == b'}' {
            return self.byte(b'}');
        }
        loop {
            let slot = self.property(sink)?;
            self.byte(b':')?;
            self.value(sink, slot)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Reads a property's name. Nearly always it is the one that stood here in the record before.
    fn property(&mut self, sink: &mut Sink<'b>) -> Option<Slot> {
        if self.peek()? != b'"' {
            return None;
        }
        if let Some((known, slot)) = sink.expected() {
            let end = self.at + 1 + known.len();
            let bytes = self.text.as_bytes();
            if bytes.get(end) == Some(&b'"') && &bytes[self.at + 1..end] == known.as_bytes() {
                self.at = end + 1;
                sink.advance();
                return Some(slot);
            }
        }
        match self.string()? {
            Text::Plain(name) => Some(sink.slot_learning(name)),
            Text::Escaped(raw) => Some(sink.slot(&Text::unescape(raw)?)),
        }
    }

    fn value(&mut self, sink: &mut Sink<'b>, slot: Slot) -> Option<()> {
        match self.peek()? {
            b'"' => match self.string()? {
                Text::Plain(text) => sink.borrowed(slot, text),
                Text::Escaped(_) if slot == Slot::Skip => {}
                Text::Escaped(raw) => sink.owned(slot, &Text::unescape(raw)?),
            },
            b'{' | b'[' if slot == Slot::Skip => {
                self.skip()?;
            }
            b'{' | b'[' => return None,
            _ => match self.word()? {
                "null" => sink.null(slot),
                // A boolean or a number: with the digits it was written with.
                word => sink.borrowed(slot, word),
            },
        }
        Some(())
    }

    /// Calls `entry` at the value of each key.
    fn object(&mut self, mut entry: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.byte(b'{')?;
        if self.peek()? == b'}' {
            return self.byte(b'}');
        }
        loop {
            self.peek()?;
            let key = self.string()?;
            self.byte(b':')?;
            match key {
                Text::Plain(key) => entry(self, key)?,
                Text::Escaped(raw) => entry(self, &Text::unescape(raw)?)?,
            }
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Calls `item` at each item.
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.byte(b'[')?;
        if self.peek()? == b']' {
            return self.byte(b']');
        }
        loop {
            item(self)?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// A plain string without its quotes, or a word.
    fn scalar(&mut self) -> Option<&'b str> {
        match self.peek()? {
            b'"' => match self.string()? {
                Text::Plain(text) => Some(text),
                Text::Escaped(_) => None,
            },
            _ => self.word(),
        }
    }

    /// Any value, read by the general parser.
    fn json(&mut self) -> Option<serde_json::Value> {
        serde_json::from_str(self.skip()?).ok()
    }

    /// Any value, unread. Only its extent is checked.
    fn skip(&mut self) -> Option<&'b str> {
        let text = self.text;
        self.peek()?;
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    self.at += 1;
                    depth += 1;
                    continue;
                }
                b'}' | b']' => {
                    self.at += 1;
                    depth = depth.checked_sub(1)?;
                }
                b',' | b':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    self.word()?;
                }
            }
            if depth == 0 {
                return Some(&text[start..self.at]);
            }
        }
    }

    /// `null`, `true`, `false` or a number.
    fn word(&mut self) -> Option<&'b str> {
        let text = self.text;
        let rest = &text.as_bytes()[self.at..];
        let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
        let len = rest.iter().take_while(|b| inside(b)).count();
        let word = &text[self.at..self.at + len];
        self.at += len;
        let known = matches!(word, "null" | "true" | "false");
        // The general parser knows what a number is.
        (known || serde_json::from_str::<serde_json::Number>(word).is_ok()).then_some(word)
    }

    /// A string; the place is at its opening quote.
    fn string(&mut self) -> Option<Text<'b>> {
        let text = self.text;
        let bytes = text.as_bytes();
        if *bytes.get(self.at)? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let end = start + memchr::memchr2(b'"', b'\\', &bytes[start..])?;
        if bytes[end] == b'"' {
            self.at = end + 1;
            return Some(Text::Plain(&text[start..end]));
        }
        let mut end = end;
        while bytes[end] == b'\\' {
            // What follows a backslash is no end, whatever it is.
            let next = end + 2;
            end = next + memchr::memchr2(b'"', b'\\', bytes.get(next..)?)?;
        }
        self.at = end + 1;
        Some(Text::Escaped(&text[start - 1..=end]))
    }

    fn byte(&mut self, expected: u8) -> Option<()> {
        (self.next()? == expected).then_some(())
    }

    /// The next byte that is no white space, passed over.
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte that is no white space, where the place then is.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }
}
