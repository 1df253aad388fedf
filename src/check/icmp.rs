//! `check_icmp_rtt`: does a host answer pings, how fast, and how many of them.

use std::ffi::OsString;
use std::net::IpAddr;
use std::time::Duration;

use super::{Check, Settings, Target, Vantage};
use crate::deadline::Deadline;
use crate::plugin::{
    Bound, Metric, Outcome, Range, Report, Status, Threshold, Thresholds, Unit, decimal, scaled,
};
use crate::policy::Policy;
use crate::probe::Trouble;
use crate::probe::icmp::{Echoes, Kind, Request, reach};

/// How long a reply is waited for at least. Five packets whose mean is below the documented CRITICAL bound can not hold one that
/// took longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// From one packet to the next, as the peer.
const INTERVAL: Duration = Duration::from_millis(80);

/// Options of `check_icmp_rtt`.
#[derive(Debug, clap::Args)]
pub struct Icmp {
    #[command(flatten)]
    target: Target,
    /// Number of packets [default: the policy's]
    #[arg(short = 'n', long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    packets: Option<u16>,
    /// From one packet to the next, in milliseconds or with a unit: us, ms, s [default: 80ms, less where -t is short]
    #[arg(short, long, value_name = "TIME", value_parser = interval)]
    interval: Option<Duration>,
    /// Bytes of data in a packet
    #[arg(short, long, value_name = "BYTES", default_value_t = 68, value_parser = clap::value_parser!(u16).range(..=65507))]
    bytes: u16,
    /// Round trip and loss that are WARNING: 100,20% is 100 ms or more, 20 % or more; either half alone; ranges with a colon
    #[arg(short, long, value_name = "RTA,PL%", value_parser = Pair::parse, allow_hyphen_values = true)]
    warning: Option<Pair>,
    /// Round trip and loss that are CRITICAL
    #[arg(short, long, value_name = "RTA,PL%", value_parser = Pair::parse, allow_hyphen_values = true)]
    critical: Option<Pair>,
    /// Address of this machine to send from
    #[arg(short, long, value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// Count one state alone: any other is OK, with what was measured in the text; UNKNOWN too with `critical`, the view for a host
    #[arg(long, value_enum)]
    only: Option<Only>,
}

/// The one state that a view counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Only {
    /// For the check of a host.
    Critical,
    /// For a service beside it.
    Warning,
}

/// Thresholds as `-w` and `-c` take them: of the mean round trip in milliseconds, and of the loss in per cent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pair {
    rta: Option<Threshold>,
    loss: Option<Threshold>,
}

impl Pair {
    /// Reads `100.0,20%`, or one half of it. A lone per cent is a loss.
    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(',') {
            Some((rta, loss)) => {
                let loss = or_more(loss, percent).map_err(|why| format!("packet loss: {why}"))?;
                let rta = or_more(rta, milliseconds).map_err(|why| format!("round trip: {why}"))?;
                Ok(Self { rta: Some(rta), loss: Some(loss) })
            }
            None if text.ends_with('%') => {
                Ok(Self { loss: Some(or_more(text, percent)?), ..Self::default() })
            }
            None => Ok(Self { rta: Some(or_more(text, milliseconds)?), ..Self::default() }),
        }
    }
}

/// A plain number means "this or more", as in `check_icmp` and `check_ping`: `-c 5000,100%` alerts at 100 %. What has the signs of
/// a range is one.
fn or_more(text: &str, number: fn(&str) -> Result<f64, String>) -> Result<Threshold, String> {
    let range = Range::parse(text, number)?;
    if text.contains([':', '@', '~']) {
        return Ok(Threshold::Given(range));
    }
    number(text).map(|bound| Threshold::Documented(Bound::From(bound)))
}

fn milliseconds(text: &str) -> Result<f64, String> {
    scaled(text, &[("us", 1e-3), ("ms", 1.0), ("s", 1e3)])
}

fn percent(text: &str) -> Result<f64, String> {
    let value = decimal(text.strip_suffix('%').unwrap_or(text))
        .map_err(|_| format!("{text:?} is not a percentage"))?;
    if value > 100.0 { Err(format!("{text:?} is more than 100 %")) } else { Ok(value) }
}

fn interval(text: &str) -> Result<Duration, String> {
    let value = milliseconds(text)?;
    if (1.0..=60_000.0).contains(&value) {
        Ok(Duration::from_secs_f64(value / 1e3))
    } else {
        Err("an interval is at least 1 ms and at most 60 s".to_owned())
    }
}

impl Check for Icmp {
    const NAME: &'static str = "icmp_rtt";
    const TITLE: &'static str = "ICMP";
    const ABOUT: &'static str =
        "Tests whether a host answers pings, how fast, and how many of them";
    const VANTAGE: Vantage = Vantage::Server;
    type Seen = Echoes;

    /// Ten seconds as the peer, or what sending and waiting takes where that is more.
    fn timeout(&self) -> u32 {
        let apart = self.interval.unwrap_or(INTERVAL) * u32::from(self.packets());
        let needed = apart + self.patience() + Duration::from_secs(1);
        u32::try_from(needed.as_secs()).unwrap_or(u32::MAX).max(10)
    }

    fn probe(&self, settings: &Settings, deadline: &Deadline) -> Result<Echoes, Trouble> {
        let request = self.request(settings.timeout);
        if request.duration() >= settings.timeout {
            let (packets, limit) = (request.packets, settings.timeout.as_secs_f64());
            let apart = request.interval.as_secs_f64();
            return Err(Trouble::Ours(anyhow::anyhow!(
                "{packets} packets, {apart} s apart, take longer than the time limit of {limit} s"
            )));
        }
        reach(self.target.host(), self.target.family(), &request, deadline)
    }

    fn judge(&self, seen: &Echoes, settings: &Settings) -> anyhow::Result<Report> {
        let times: Vec<f64> = seen.answered().map(exact).collect();
        let rta = mean(seen);
        let sent = seen.round_trips.len();
        let loss = 100.0 * count(sent - times.len()) / count(sent);
        let mut report = Report::default().headline(self.headline(seen, rta, loss));
        if let Some(rta) = rta {
            let metric = Metric::new("rta", rta, Unit::Milliseconds);
            report =
                report.measured("", metric.judged_by(self.thresholds("rta", settings)?).min(0.0));
        }
        let metric = Metric::new("pl", loss, Unit::Percent).min(0.0).max(100.0);
        report = report.measured("", metric.judged_by(self.thresholds("pl", settings)?));
        if rta.is_some() {
            let most = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let least = times.iter().copied().fold(f64::INFINITY, f64::min);
            report = report
                .shown(Metric::new("rtmax", most, Unit::Milliseconds))
                .shown(Metric::new("rtmin", least, Unit::Milliseconds));
        }
        Ok(if settings.verbose > 0 {
            details(seen).into_iter().fold(report, Report::detail)
        } else {
            report
        })
    }

    fn view(argv: &[OsString], outcome: Outcome) -> Outcome {
        match only(argv) {
            Some(Only::Critical) => outcome.counting_only(Status::Critical),
            Some(Only::Warning) if outcome.status() != Status::Unknown => {
                outcome.counting_only(Status::Warning)
            }
            Some(Only::Warning) | None => outcome,
        }
    }
}

impl Icmp {
    fn request(&self, limit: Duration) -> Request {
        let packets = self.packets();
        Request {
            packets,
            interval: self.interval.unwrap_or(INTERVAL.min(limit / 2 / u32::from(packets))),
            size: usize::from(self.bytes),
            patience: self.patience(),
            source: self.source,
        }
    }

    fn packets(&self) -> u16 {
        self.packets.unwrap_or(Policy::documented().icmp_packets)
    }

    /// Twice the round trip that `-c` calls CRITICAL, where that is more than usual.
    fn patience(&self) -> Duration {
        let bound = self.critical.and_then(|it| it.rta).and_then(Threshold::number);
        let twice =
            bound.map(|ms| Duration::try_from_secs_f64(2.0 * ms / 1e3).unwrap_or(Duration::MAX));
        twice.unwrap_or_default().clamp(PATIENCE, Duration::from_hours(1))
    }

    fn thresholds(&self, metric: &str, settings: &Settings) -> anyhow::Result<Thresholds> {
        let documented = Policy::documented().thresholds(Self::NAME, metric, settings.plan)?;
        let half =
            |pair: Option<Pair>| pair.and_then(|it| if metric == "rta" { it.rta } else { it.loss });
        Ok(Thresholds {
            warning: half(self.warning).or(documented.warning),
            critical: half(self.critical).or(documented.critical),
        })
    }

    fn headline(&self, seen: &Echoes, rta: Option<f64>, loss: f64) -> String {
        let (host, address) = (self.target.host(), seen.address.to_string());
        let target = if host == address { address } else { format!("{host} ({address})") };
        let complaints: Vec<String> = seen.complaints.iter().map(ToString::to_string).collect();
        let loss = (loss * 100.0).round() / 100.0;
        match rta {
            Some(rta) if complaints.is_empty() => format!("{target}: rta {rta:.3}ms, lost {loss}%"),
            Some(rta) => {
                format!("{target}: rta {rta:.3}ms, lost {loss}%, {}", complaints.join(", "))
            }
            None if complaints.is_empty() => format!("{target}: no reply, lost {loss}%"),
            None => format!("{target}: {}, lost {loss}%", complaints.join(", ")),
        }
    }
}

/// The mean round trip in milliseconds; `None` where no packet was answered.
fn mean(seen: &Echoes) -> Option<f64> {
    let answered = seen.answered().count();
    (answered > 0).then(|| exact(seen.answered().sum()) / count(answered))
}

/// A time in milliseconds; exact for whole ones, so that a documented bound is met exactly.
fn exact(time: Duration) -> f64 {
    let whole = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    f64::from(whole) + f64::from(time.subsec_nanos() % 1_000_000) / 1e6
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The lines of `-v`.
fn details(seen: &Echoes) -> Vec<String> {
    let socket = match seen.socket {
        Kind::Ping => "ping socket",
        Kind::Raw => "raw socket",
    };
    let times = seen
        .round_trips
        .iter()
        .map(|took| took.map_or("lost".to_owned(), |took| format!("{:.3}ms", exact(took))));
    let mut lines = vec![format!("by {socket}: {}", times.collect::<Vec<_>>().join(", "))];
    let counts = [
        (seen.duplicates, "duplicates, counted once"),
        (seen.late, "replies later than the limit, counted as lost"),
        (seen.foreign, "replies that belong to no packet of this check"),
    ];
    lines.extend(
        counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}")),
    );
    lines
}

/// The view that a command line asks for, also one that can not be read otherwise: a mistake in it must not take a host down.
fn only(argv: &[OsString]) -> Option<Only> {
    let words: Vec<_> = argv.iter().map(|word| word.to_string_lossy()).collect();
    let next = words.iter().skip(1).map(AsRef::as_ref).chain([""]);
    let values = words.iter().zip(next).filter_map(|(word, next)| match word.as_ref() {
        "--only" => Some(next),
        word => word.strip_prefix("--only="),
    });
    match values.last() {
        Some("critical") => Some(Only::Critical),
        Some("warning") => Some(Only::Warning),
        Some(_) | None => None,
    }
}
