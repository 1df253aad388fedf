//! Options that say what is asked.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::ValueEnum;

use crate::probe::http::{Request, Url, Version};

use super::value::{header, path};

/// Versions of HTTP that are spoken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
enum HttpVersion {
    /// As documented
    #[default]
    #[value(name = "1.0")]
    V10,
    /// With a chunked body where the server likes it
    #[value(name = "1.1")]
    V11,
}

/// The request.
#[derive(Debug, clap::Args)]
pub(super) struct Asking {
    /// Path to ask for
    #[arg(short, long, value_name = "PATH", default_value = "/", value_parser = path)]
    pub(super) url: String,
    /// Method [default: GET, with -P POST]
    #[arg(short = 'j', long, value_name = "METHOD")]
    method: Option<String>,
    /// Data to post, already encoded
    #[arg(short = 'P', long, value_name = "DATA", allow_hyphen_values = true)]
    post: Option<String>,
    /// Content-Type of the data
    #[arg(
        short = 'T',
        long,
        value_name = "TYPE",
        default_value = "application/x-www-form-urlencoded"
    )]
    content_type: String,
    /// User and password for basic authentication; sent to no other host than the first
    #[arg(short, long, value_name = "USER:PASSWORD", allow_hyphen_values = true)]
    authorization: Option<String>,
    /// A further header, or one instead of ours; repeatable
    #[arg(short = 'k', long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(String, String)>,
    /// What is sent as User-Agent
    #[arg(short = 'A', long, value_name = "NAME", allow_hyphen_values = true)]
    useragent: Option<String>,
    /// Version of HTTP that is claimed
    #[arg(long, value_enum, default_value_t)]
    http_version: HttpVersion,
}

impl Asking {
    /// The request for a place. Credentials are for the host that they were given for: `trusted` is whether this is it.
    pub(super) fn request(&self, url: &Url, shown_port: Option<u16>, trusted: Trusted) -> Request {
        let mut request = Request {
            method: self.method.clone().unwrap_or_else(|| self.usual_method().to_owned()),
            path: url.path.clone(),
            version: match self.http_version {
                HttpVersion::V10 => Version::HTTP_10,
                HttpVersion::V11 => Version::HTTP_11,
            },
            headers: Vec::new(),
            body: self.post.clone(),
        };
        let own = concat!("check_http_layer7/", env!("CARGO_PKG_VERSION"), " (firstaid)");
        let port = shown_port.unwrap_or(url.port);
        let usual = port == url.scheme.usual_port();
        let host = if usual { url.bracketed() } else { format!("{}:{port}", url.bracketed()) };
        let mut add = |name: &str, value: &str| {
            if !self.header.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                request.headers.push((name.to_owned(), value.to_owned()));
            }
        };
        add("Host", &host);
        add("User-Agent", self.useragent.as_deref().unwrap_or(own));
        add("Connection", "close");
        if self.post.is_some() {
            add("Content-Type", &self.content_type);
        }
        if let (Some(pair), Trusted::Yes) = (&self.authorization, trusted) {
            add("Authorization", &format!("Basic {}", BASE64_STANDARD.encode(pair)));
        }
        let secret =
            |name: &str| ["Authorization", "Cookie"].iter().any(|it| it.eq_ignore_ascii_case(name));
        let given = self.header.iter().filter(|(name, _)| trusted == Trusted::Yes || !secret(name));
        request.headers.extend(given.cloned());
        request
    }

    /// Whether the request can be sent at all.
    ///
    /// # Errors
    /// A method, path or header that HTTP can not carry.
    pub(super) fn verified(&self, url: &Url) -> anyhow::Result<()> {
        self.request(url, None, Trusted::Yes).verified()
    }

    fn usual_method(&self) -> &'static str {
        if self.post.is_some() { "POST" } else { "GET" }
    }
}

/// Whether credentials may be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trusted {
    /// To the host that they were given for.
    Yes,
    /// To whom a redirect leads.
    No,
}
