//! A browser without a screen: it keeps cookies, sends forms with what browsers add, and follows nothing by itself.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};

/// A browser.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) origin: String,
    pub(crate) host: String,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Where it comes from.
    pub(crate) peer: IpAddr,
    /// Headers of every request.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Every address that was asked for or named in `Location`.
    pub(crate) addresses: Vec<String>,
    guard: Option<String>,
}

/// A request being put together.
pub(crate) struct Ask<'a> {
    browser: &'a mut Browser,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// What was asked for.
    pub(crate) asked: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new(router: Router, address: &Url) -> Self {
        let port = address.port().map(|port| format!(":{port}"));
        let host = address.host_str().unwrap();
        Self {
            router,
            origin: address.origin().ascii_serialization(),
            host: format!("{host}{}", port.unwrap_or_default()),
            cookies: BTreeMap::new(),
            peer: Ipv4Addr::new(192, 0, 2, 1).into(),
            headers: Vec::new(),
            addresses: Vec::new(),
            guard: None,
        }
    }

    /// Opens a page, as somebody who clicks on a link.
    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.ask(Method::GET, path).send().await
    }

    /// Opens a page, and what it redirects to until it does not any more.
    pub(crate) async fn open(&mut self, path: &str) -> Page {
        let mut page = self.get(path).await;
        for _ in 0..5 {
            let Some(next) = page.location() else { break };
            page = self.get(&next).await;
        }
        page
    }

    /// Sends a form from a page of this session.
    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let guard = self.guard().await;
        let guarded: Vec<_> = form.iter().copied().chain([("guard", &*guard)]).collect();
        self.ask(Method::POST, path).form(&guarded).send().await
    }

    /// Sends a form and opens what it leads to.
    pub(crate) async fn submit(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let page = self.post(path, form).await;
        let next = page.location();
        let next = next.unwrap_or_else(|| panic!("it leads nowhere: {page:#?}"));
        self.open(&next).await
    }

    /// Sends a file from a page of this session.
    pub(crate) async fn upload(&mut self, path: &str, name: &str, content: &[u8]) -> Page {
        let guard = self.guard().await;
        let (kind, body) = multipart(&[
            ("guard", None, guard.as_bytes()),
            ("file", Some(name), content),
        ]);
        self.ask(Method::POST, path).body(&kind, body).send().await
    }

    /// Sends a form about the file that a page of ids shows.
    pub(crate) async fn about_file(
        &mut self,
        page: &str,
        what: &str,
        form: &[(&str, &str)],
    ) -> Page {
        let upload = self.get(page).await.ok().value("upload");
        let form: Vec<_> = form.iter().copied().chain([("upload", &*upload)]).collect();
        self.post(&format!("{page}/{what}"), &form).await
    }

    /// Reads a stream of events to its end.
    pub(crate) async fn follow(&mut self, path: &str) -> Page {
        let mut ask = self.ask(Method::GET, path);
        ask.headers.push(("accept", "text/event-stream".into()));
        ask.send().await
    }

    /// What forms of this session carry, found on a page; empty without a session.
    pub(crate) async fn guard(&mut self) -> String {
        if self.guard.is_none() {
            let page = self.get("/waiting").await;
            self.guard = Some(if page.status == StatusCode::OK {
                page.value("guard")
            } else {
                String::new()
            });
        }
        self.guard.clone().unwrap_or_default()
    }

    /// Whether it is signed in as somebody.
    pub(crate) async fn is(&mut self, email: &str) -> bool {
        let page = self.get("/waiting").await;
        page.status == StatusCode::OK && page.body.contains(email)
    }

    /// Whether it is signed in at all.
    pub(crate) async fn is_signed_in(&mut self) -> bool {
        self.is("@").await
    }

    /// The secret of its session.
    pub(crate) fn secret(&self) -> String {
        let find = |name: &str| self.cookies.get(name).cloned();
        find("tributary")
            .or_else(|| find("__Host-tributary"))
            .unwrap_or_default()
    }

    /// A request, with what browsers say of where it comes from.
    pub(crate) fn ask(&mut self, method: Method, path: &str) -> Ask<'_> {
        let mut headers = vec![("host", self.host.clone())];
        if method == Method::GET {
            headers.push(("sec-fetch-site", "same-origin".into()));
        } else {
            headers.push(("origin", self.origin.clone()));
            headers.push(("sec-fetch-site", "same-origin".into()));
        }
        headers.extend(self.headers.iter().cloned());
        Ask {
            method,
            path: path.into(),
            headers,
            body: Vec::new(),
            browser: self,
        }
    }

    fn keep(&mut self, page: &Page) {
        for cookie in page.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if name.ends_with("tributary") {
                self.guard = None;
            }
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        self.addresses.push(page.asked.clone());
        self.addresses.extend(page.location());
    }
}

impl Ask<'_> {
    /// With a header, in place of one of that name.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name, value.into()));
        self
    }

    /// Without a header.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| *found != name);
        self
    }

    /// With a form.
    pub(crate) fn form(self, form: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.body("application/x-www-form-urlencoded", body.into_bytes())
    }

    /// With a body of some kind.
    pub(crate) fn body(mut self, kind: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.with("content-type", kind)
    }

    pub(crate) async fn send(self) -> Page {
        let Self {
            browser,
            method,
            path,
            headers,
            body,
        } = self;
        // What stands behind the # stays in the browser.
        let sent = path.split('#').next().unwrap().to_owned();
        let mut request = Request::builder().method(&method).uri(&sent);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if !browser.cookies.is_empty() {
            let cookies: Vec<_> = browser
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let mut request = request.body(Body::from(body)).unwrap();
        let peer = ConnectInfo(SocketAddr::new(browser.peer, 50_000));
        request.extensions_mut().insert(peer);
        let answer = browser.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        // A stream of events that does not end would keep a test for ever.
        let bytes = tokio::time::timeout(Duration::from_mins(1), to_bytes(body, 64 << 20));
        let bytes = bytes.await.expect("an answer ends").unwrap();
        let page = Page {
            asked: sent,
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        };
        browser.keep(&page);
        page
    }
}

impl Page {
    /// It is there.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.is(200)
    }

    /// It has this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:#?}");
        self
    }

    /// It says this.
    #[track_caller]
    pub(crate) fn has(self, text: &str) -> Self {
        assert!(self.body.contains(text), "{text:?} is missing: {self:#?}");
        self
    }

    /// It does not say this.
    #[track_caller]
    pub(crate) fn lacks(self, text: &str) -> Self {
        assert!(!self.body.contains(text), "{text:?} is there: {self:#?}");
        self
    }

    /// It redirects to what begins so; returns where.
    #[track_caller]
    pub(crate) fn leads_to(&self, start: &str) -> String {
        let location = self.location().unwrap_or_default();
        assert!(
            location.starts_with(start),
            "it leads to {location:?} instead of {start:?}: {self:#?}"
        );
        location
    }

    /// Where it redirects to.
    pub(crate) fn location(&self) -> Option<String> {
        self.header("location").map(str::to_owned)
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The value of the first input of that name.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> String {
        let start = format!("name=\"{name}\"");
        let found = self.body.split('<').find_map(|tag| {
            let (_, rest) = tag.split_once(&start)?;
            let (_, value) = rest.split_once("value=\"")?;
            Some(value.split_once('"')?.0.to_owned())
        });
        found.unwrap_or_else(|| panic!("there is no input {name}: {self:#?}"))
    }

    /// Whether it is a page for people.
    pub(crate) fn is_html(&self) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    }
}

/// A form with files: name, file name if it is one, content. Returns its content type and body.
pub(crate) fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "----tributary-boundary-7d1";
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: text/csv"));
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{}\r\n\r\n",
            file.unwrap_or_default()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
