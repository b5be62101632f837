//! A browser, as far as measuring needs one: it signs in, sends forms and takes times.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use ureq::{
    Agent,
    http::{Response, header},
};

use super::product::Site;

/// A browser, signed in once it has joined.
#[derive(Debug)]
pub(super) struct Browser {
    agent: Agent,
    site: Site,
    cookie: String,
    guard: String,
    /// Compressed sizes of files by their address.
    files: HashMap<String, u64>,
}

/// What one request brought.
#[derive(Debug)]
pub(super) struct Answer {
    /// From sending to the last byte.
    pub(super) took: Duration,
    /// The body as it came.
    pub(super) body: Vec<u8>,
}

impl Browser {
    /// Nobody yet.
    pub(super) fn new(site: &Site) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        Self {
            agent,
            site: site.clone(),
            cookie: String::new(),
            guard: String::new(),
            files: HashMap::new(),
        }
    }

    /// Joins by the secret of a link.
    pub(super) fn join(&mut self, secret: &str) -> anyhow::Result<()> {
        const PASSWORD: &str = "stapler-orbit-47-lantern";
        let form = [
            ("ticket", secret),
            ("password", PASSWORD),
            ("again", PASSWORD),
        ];
        let answer = self.send("/join", &form)?;
        let cookie = answer.headers().get(header::SET_COOKIE);
        let cookie = cookie.and_then(|cookie| cookie.to_str().ok()?.split(';').next());
        cookie.context("no session")?.clone_into(&mut self.cookie);
        let page = self.read("/s/1/overview")?;
        let guard = between(&page, "name=\"guard\" value=\"", "\"").next();
        guard.context("no form")?.clone_into(&mut self.guard);
        Ok(())
    }

    /// Asks for a page, compressed.
    pub(super) fn ask(&self, path: &str) -> anyhow::Result<Answer> {
        self.get(path, "gzip")
    }

    /// The text of a page.
    pub(super) fn read(&self, path: &str) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.get(path, "identity")?.body)?)
    }

    fn get(&self, path: &str, encoding: &str) -> anyhow::Result<Answer> {
        let started = Instant::now();
        let mut response = self
            .agent
            .get(format!("{}{path}", self.site.address))
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT_ENCODING, encoding)
            .call()
            .with_context(|| format!("GET {path}"))?;
        let body = response.body_mut().read_to_vec()?;
        let took = started.elapsed();
        if response.status() != 200 {
            bail!("GET {path} answered {}", response.status());
        }
        Ok(Answer { took, body })
    }

    /// Sends a form; returns where the answer leads.
    pub(super) fn post(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let mut form = vec![("guard", self.guard.as_str())];
        form.extend_from_slice(fields);
        let response = self.send(path, &form)?;
        let location = response.headers().get(header::LOCATION);
        let location = location.context("an answer that leads nowhere")?;
        Ok(location.to_str()?.to_owned())
    }

    fn send(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Response<ureq::Body>> {
        let response = self
            .agent
            .post(format!("{}{path}", self.site.address))
            .header(header::ORIGIN, &self.site.public_url)
            .header(header::COOKIE, &self.cookie)
            .send_form(form.iter().copied())
            .with_context(|| format!("POST {path}"))?;
        if response.status() != 303 {
            bail!("POST {path} answered {}", response.status());
        }
        Ok(response)
    }

    /// Compressed bytes of all the files that a page loads.
    pub(super) fn files_of(&mut self, page: &str) -> anyhow::Result<u64> {
        let mut files: Vec<&str> = between(page, "\"/assets/", "\"")
            .map(|file| file.split('#').next().unwrap_or(file))
            .collect();
        files.sort_unstable();
        files.dedup();
        let mut bytes = 0;
        for file in files {
            if !self.files.contains_key(file) {
                let answer = self.ask(&format!("/assets/{file}"))?;
                self.files.insert(file.to_owned(), answer.body.len() as u64);
            }
            bytes += self.files[file];
        }
        Ok(bytes)
    }
}

/// Whatever stands between two texts.
pub(super) fn between<'a>(
    page: &'a str,
    before: &'a str,
    after: &'a str,
) -> impl Iterator<Item = &'a str> {
    page.split(before)
        .skip(1)
        .filter_map(move |rest| Some(rest.split_once(after)?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_is_found() {
        let page = r#"<a href="/x/1">1</a><a href="/y"><a href="/x/22"#;
        let found: Vec<_> = between(page, "href=\"/x/", "\"").collect();
        assert_eq!(found, ["1"]);
    }
}
