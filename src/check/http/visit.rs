//! One run of requests: the first one, and those that redirects ask for.

use std::time::Duration;

use crate::check::{Settings, fault_status};
use crate::deadline::{Deadline, Phase};
use crate::probe::http::{self, Answer, End, Page, Scheme, Wanted};
use crate::probe::tcp::{self, Connection};
use crate::probe::tls::Certificate;
use crate::probe::{Channel, Fault, Trouble};

use super::Http;
use super::asking::Trusted;
use super::contents::{Expected, Finding};
use super::follow::{Next, Stop};

/// What was seen on the way to an answer.
#[derive(Debug)]
pub struct Visit {
    pub(super) answer: Answer,
    /// Address and port that gave the answer.
    pub(super) target: String,
    pub(super) stops: Vec<Stop>,
    pub(super) marks: Marks,
    pub(super) certificate: Option<Certificate>,
    /// What is wrong about the answer as a redirect.
    pub(super) redirect: Option<Finding>,
    /// What the second port did instead of accepting a connection.
    pub(super) second: Option<Fault>,
    pub(super) page: Page,
    /// What the page is not, though it was expected.
    pub(super) wrong: Vec<Finding>,
}

/// When things happened, since the run began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) began: Duration,
    pub(super) connected: Duration,
    pub(super) secured: Option<Duration>,
    pub(super) read: Duration,
}

impl Http {
    /// Asks over a connection, and goes on where redirects lead.
    pub(super) fn visit(
        &self,
        mut connection: Connection,
        first: Stop,
        deadline: &Deadline,
    ) -> Result<Visit, Trouble> {
        let mut stops = vec![first];
        let mut marks = Marks { connected: deadline.elapsed(), ..Marks::default() };
        loop {
            let target = connection.target();
            let (answer, certificate) = self.ask(connection, &stops, &mut marks, deadline)?;
            let redirect = match self.follow.next(&answer.head, &stops) {
                Next::Judged(redirect) => redirect,
                Next::Asked(stop) => {
                    drop(answer);
                    marks = Marks { began: deadline.elapsed(), ..Marks::default() };
                    let port = stop.url.port;
                    connection = tcp::open(&stop.address, port, self.place.family(), deadline)?;
                    marks.connected = deadline.elapsed();
                    stops.push(stop);
                    continue;
                }
            };
            let page = Page { body: Vec::new(), size: 0, end: End::Complete };
            return Ok(Visit {
                answer,
                target,
                stops,
                marks,
                certificate,
                redirect,
                second: None,
                page,
                wrong: Vec::new(),
            });
        }
    }

    /// One request, of the last of these stops.
    fn ask(
        &self,
        connection: Connection,
        stops: &[Stop],
        marks: &mut Marks,
        deadline: &Deadline,
    ) -> Result<(Answer, Option<Certificate>), Trouble> {
        let (Some(first), Some(stop)) = (stops.first(), stops.last()) else {
            return Err(anyhow::anyhow!("nothing to ask").into());
        };
        let same = stop.url.host.eq_ignore_ascii_case(&first.url.host);
        let trusted = if same { Trusted::Yes } else { Trusted::No };
        let shown = if stops.len() == 1 { self.place.name(None).and_then(|it| it.1) } else { None };
        let request = self.asking.request(&stop.url, shown, trusted);
        let mut channel = Channel::Plain(connection);
        let mut certificate = None;
        if stop.url.scheme == Scheme::Https {
            channel = channel.secured(&self.secure.options(&stop.url.host)?)?;
            marks.secured = Some(deadline.elapsed());
            if self.secure.certificate.is_some() {
                certificate = channel.certificate()?;
            }
        }
        Ok((http::ask(channel, &request)?, certificate))
    }

    /// Reads the page and looks for what was expected of it.
    pub(super) fn read(
        &self,
        visit: &mut Visit,
        expected: &Expected<'_>,
        settings: &Settings,
        deadline: &Deadline,
    ) {
        let wanted = self.contents.wanted();
        if wanted != Wanted::Nothing {
            deadline.enter(Phase::Body);
        }
        visit.page = visit.answer.page(wanted);
        visit.marks.read = deadline.elapsed();
        let (phase, target) = (Phase::Body, visit.target.clone());
        let late = Fault::Silent { phase, target, waited: deadline.elapsed() };
        let late = (fault_status(&late, settings), late.to_string());
        let url = visit.stops.last().map(ToString::to_string).unwrap_or_default();
        visit.wrong = expected.findings(&visit.answer.head, &visit.page, &url, &late);
    }
}
