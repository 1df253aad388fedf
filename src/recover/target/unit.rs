//! Which unit of systemd restarts a service, and its stop and start.

use std::time::Duration;

use super::owner::Holder;
use super::systemctl::{self, Facts};
use crate::deadline::Deadline;
use crate::recover::Refusal;

/// Time for systemd to notice that everything was killed.
const DYING: Duration = Duration::from_secs(15);
/// Time for an order that waits for nothing.
const ORDER: Duration = Duration::from_secs(10);
/// How often a state is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// A unit that restarts a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Unit {
    /// Its name.
    pub(super) name: String,
    /// Socket units that start it, and are up: they hold the port, or would start it again while it is stopped.
    pub(super) sockets: Vec<String>,
    /// How it is started.
    start: Start,
    /// What of it is killed.
    kill: Kill,
}

/// How a unit is started.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Start {
    /// Itself, after its sockets.
    Itself,
    /// By its sockets, when somebody comes.
    Sockets,
}

/// What of a unit is killed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kill {
    /// All its processes.
    Group,
    /// The main one and a stop that hangs: sessions live on in its group.
    Main,
}

/// Units in question, with what is needed to choose one.
#[derive(Debug)]
pub(super) struct Choice {
    /// The candidates in their order.
    pub(super) candidates: Vec<Facts>,
    /// Socket units that are up.
    pub(super) sockets: Vec<Facts>,
    /// Who holds the port.
    pub(super) holders: Vec<Holder>,
    /// The port.
    pub(super) port: u16,
}

impl Choice {
    /// The one unit that may be restarted.
    pub(super) fn made(&self) -> Result<Unit, Refusal> {
        let loaded: Vec<&Facts> = self.candidates.iter().filter(|it| it.is_loaded()).collect();
        let owned = loaded.iter().find(|unit| self.holders.iter().any(|it| self.owns(unit, it)));
        let wanted = loaded.iter().find(|unit| self.is_wanted(unit));
        let Some(unit) = owned.or(wanted).or(loaded.first()) else {
            return Err(match self.candidates.iter().find(|it| it.is_masked()) {
                Some(masked) => refusal("masked", format!("{} is masked", masked.id())),
                None => refusal("unit", format!("no unit is called {}", self.names())),
            });
        };
        if let Some(other) = self.holders.iter().find(|it| !self.owns(unit, it)) {
            let reason = format!("port {} belongs to {other}, not to {}", self.port, unit.id());
            return Err(refusal("owner", reason));
        }
        if !self.is_wanted(unit) {
            return Err(refusal("disabled", format!("{} is disabled", unit.id())));
        }
        let own: Vec<&Facts> = self.sockets.iter().filter(|it| triggers(it, unit)).collect();
        Ok(Unit {
            name: unit.id().to_owned(),
            start: if own.is_empty() || unit.is_enabled() || unit.is_active() {
                Start::Itself
            } else {
                Start::Sockets
            },
            sockets: own.iter().map(|socket| socket.id().to_owned()).collect(),
            kill: if unit.of("KillMode") == "process" { Kill::Main } else { Kill::Group },
        })
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.candidates.iter().map(Facts::id).collect();
        names.join(" or ")
    }

    fn owns(&self, unit: &Facts, holder: &Holder) -> bool {
        if holder.is_init() {
            let mut listening = self.sockets.iter().filter(|it| it.listens_on(self.port));
            return listening.any(|socket| triggers(socket, unit));
        }
        holder.unit.as_deref() == Some(unit.id())
    }

    /// Whether the administrator wants it to run.
    fn is_wanted(&self, unit: &Facts) -> bool {
        let started_by = |socket: &Facts| triggers(socket, unit) && socket.is_enabled();
        unit.is_enabled() || self.sockets.iter().any(started_by)
    }
}

fn refusal(guard: &'static str, reason: String) -> Refusal {
    Refusal { guard, reason }
}

/// Whether a socket unit starts a unit, or, with Accept=yes, instances of it.
fn triggers(socket: &Facts, unit: &Facts) -> bool {
    let stem = |name: &str| name.rsplit_once('.').map(|(stem, _)| stem.to_owned());
    let instances = socket.of("Accept") == "yes" && stem(socket.id()) == stem(unit.id());
    let named = unit.names("TriggeredBy").iter().any(|it| it == socket.id())
        || socket.names("Triggers").iter().any(|it| it == unit.id());
    named || instances
}

impl Unit {
    /// Whether a process belongs to it.
    pub(super) fn owns(&self, holder: &Holder) -> bool {
        holder.unit.as_deref() == Some(self.name.as_str())
    }

    /// Stops it; what has not stopped within the limit is killed.
    pub(super) fn stop(&self, limit: Duration) -> anyhow::Result<String> {
        let mut words = vec!["stop".to_owned(), "--".to_owned()];
        words.extend(self.sockets.iter().cloned());
        words.push(self.name.clone());
        let said = systemctl::call(&words, limit)?.output().trim_end().to_owned();
        if systemctl::show_one(&self.name)?.is_down() {
            return Ok(said);
        }
        self.kill()?;
        let deadline = Deadline::within(DYING);
        while !systemctl::show_one(&self.name)?.is_down() {
            anyhow::ensure!(
                !deadline.passed(),
                "{} does not stop, not even when killed",
                self.name
            );
            deadline.pause(PAUSE)?;
        }
        Ok(format!("did not stop within {:.0} s and was killed", limit.as_secs_f64()))
    }

    /// Kills its processes: all of them, or, where sessions must live on, the main one and a stop that hangs.
    fn kill(&self) -> anyhow::Result<()> {
        let whom: &[&str] = match self.kill {
            Kill::Group => &["all"],
            Kill::Main => &["main", "control"],
        };
        for who in whom {
            let words = ["kill", &format!("--kill-who={who}"), "-s", "KILL", "--", &self.name];
            systemctl::call(&words.map(str::to_owned), ORDER)?;
        }
        Ok(())
    }

    /// Starts it. What systemd says of it is no proof, but worth being told.
    pub(super) fn start(&self, limit: Duration) -> anyhow::Result<String> {
        let deadline = Deadline::within(limit);
        let was_limited = systemctl::show_one(&self.name)?.of("Result") == "start-limit-hit";
        if was_limited {
            self.forget_failures()?;
        }
        let mut said = self.start_once(&deadline)?;
        // systemd's own brake was already on: this act is one start of those that our budget allows.
        if !was_limited && systemctl::show_one(&self.name)?.of("Result") == "start-limit-hit" {
            self.forget_failures()?;
            said = self.start_once(&deadline)?;
        }
        Ok(said)
    }

    fn start_once(&self, deadline: &Deadline) -> anyhow::Result<String> {
        let mut said = Vec::new();
        let own = (self.start == Start::Itself).then_some(&self.name);
        // The sockets first: a socket unit can not take a port that its service has opened itself.
        for unit in self.sockets.iter().chain(own) {
            let words = ["start", "--", unit].map(str::to_owned);
            said.push(systemctl::call(&words, deadline.left())?.output().trim_end().to_owned());
        }
        said.retain(|text| !text.is_empty());
        Ok(said.join("; "))
    }

    fn forget_failures(&self) -> anyhow::Result<()> {
        let mut words = vec!["reset-failed".to_owned(), "--".to_owned(), self.name.clone()];
        words.extend(self.sockets.iter().cloned());
        systemctl::call(&words, ORDER).map(drop)
    }

    /// What changes whenever systemd starts it again.
    pub(super) fn stamp(&self) -> anyhow::Result<String> {
        let facts = systemctl::show_one(&self.name)?;
        Ok(format!("{} {}", facts.of("MainPID"), facts.of("NRestarts")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Vec<Facts> {
        systemctl::parse(&text.replace(' ', "\n").replace('|', "\n\n").replace('~', " "))
    }

    fn holder(pid: i32, unit: &str) -> Holder {
        let unit = Some(unit.to_owned());
        Holder { pid, started: 1, program: "prog".to_owned(), unit }
    }

    fn made(candidates: &str, sockets: &str, holders: &[Holder]) -> Result<String, String> {
        let choice = Choice {
            candidates: facts(candidates),
            sockets: facts(sockets),
            holders: holders.to_vec(),
            port: 80,
        };
        let made = choice.made();
        made.map(|unit| unit.name).map_err(|it| format!("{}: {}", it.guard, it.reason))
    }

    const HTTPD: &str = "Id=httpd.service LoadState=not-found ActiveState=inactive";
    const APACHE: &str =
        "Id=apache2.service LoadState=loaded UnitFileState=enabled ActiveState=active";
    const NGINX: &str =
        "Id=nginx.service LoadState=loaded UnitFileState=enabled ActiveState=active";

    #[test]
    fn the_owner_of_the_port_comes_first_then_what_is_enabled_then_the_order() {
        let both = format!("{HTTPD}|{APACHE}|{NGINX}");
        assert_eq!(made(&both, "", &[]).as_deref(), Ok("apache2.service"));
        let nginx = [holder(7, "nginx.service"), holder(8, "nginx.service")];
        assert_eq!(made(&both, "", &nginx).as_deref(), Ok("nginx.service"));
        let one = format!("{}|{NGINX}", APACHE.replace("=enabled", "=disabled"));
        assert_eq!(made(&one, "", &[]).as_deref(), Ok("nginx.service"));
    }

    #[test]
    fn what_the_administrator_does_not_want_is_not_started() {
        let masked = "Id=nginx.service LoadState=masked UnitFileState=masked";
        assert_eq!(made(masked, "", &[]).unwrap_err(), "masked: nginx.service is masked");
        let off = NGINX.replace("=enabled", "=disabled");
        assert_eq!(made(&off, "", &[]).unwrap_err(), "disabled: nginx.service is disabled");
        assert_eq!(made(HTTPD, "", &[]).unwrap_err(), "unit: no unit is called httpd.service");
    }

    #[test]
    fn a_port_that_another_holds_is_left_alone() {
        let other = [holder(7, "customer-app.service")];
        let refused =
            "owner: port 80 belongs to prog (pid 7, customer-app.service), not to nginx.service";
        assert_eq!(made(NGINX, "", &other).unwrap_err(), refused);
        let mixed = [holder(6, "nginx.service"), holder(7, "customer-app.service")];
        assert_eq!(made(NGINX, "", &mixed).unwrap_err(), refused);
        assert!(made(NGINX, "", &[holder(1, "init.scope")]).unwrap_err().starts_with("owner: "));
    }

    #[test]
    fn a_socket_unit_holds_the_port_for_its_service() {
        let socket = "Id=web.socket ActiveState=active UnitFileState=enabled Accept=no Listen=[::]:80~(Stream)";
        let service =
            "Id=web.service LoadState=loaded UnitFileState=disabled TriggeredBy=web.socket";
        let choice = |socket: &str| Choice {
            candidates: facts(service),
            sockets: facts(socket),
            holders: vec![holder(1, "init.scope")],
            port: 80,
        };
        let unit = choice(socket).made().unwrap();
        assert_eq!((unit.sockets, unit.start), (vec!["web.socket".to_owned()], Start::Sockets));
        let elsewhere = choice(&socket.replace(":80", ":81")).made().unwrap_err();
        assert_eq!(elsewhere.guard, "owner");
        let stranger = choice(&socket.replace("web.socket", "other.socket")).made().unwrap_err();
        assert_eq!(stranger.guard, "owner");
        let instances = "Id=web.socket ActiveState=active UnitFileState=enabled Accept=yes Listen=[::]:80~(Stream)";
        let service = service.replace(" TriggeredBy=web.socket", "");
        let made = Choice { candidates: facts(&service), ..choice(instances) }.made();
        assert_eq!(made.unwrap().sockets, ["web.socket"]);
    }
}
