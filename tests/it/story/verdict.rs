//! What a story claims, and what it saw instead.

use std::path::Path;

use crate::engine::{Call, Engine, Event, Mail, Plugins, SmtpSink};
use crate::run::run;

/// Everything that an engine did, as of one moment.
pub(super) struct Verdict {
    events: Vec<Event>,
    mails: Vec<Mail>,
    calls: Vec<Call>,
    seen: String,
    failures: Vec<String>,
}

impl Verdict {
    pub(super) fn on(engine: &Engine, sink: &SmtpSink, plugins: &Plugins) -> Self {
        let (mails, calls) = (sink.mails(), plugins.calls());
        let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        let lines: Vec<String> =
            calls.iter().map(|call| format!("{} {}", call.at, call.args.join(" "))).collect();
        let seen = format!(
            "log:\n{}\nmails:\n{}\ncalls:\n{}\noutput:\n{}",
            engine.log(),
            subjects.join("\n"),
            lines.join("\n"),
            engine.output()
        );
        Self { events: engine.events(), mails, calls, seen, failures: Vec::new() }
    }

    /// Notes a claim that does not hold.
    #[expect(clippy::fn_params_excessive_bools, reason = "it takes what assert! takes")]
    pub(super) fn claim(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.failures.push(what.into());
        }
    }

    /// Fails with every claim that did not hold, and with everything seen.
    pub(super) fn end(self) {
        assert!(self.failures.is_empty(), "{}\n\n{}", self.failures.join("\n"), self.seen);
    }

    /// Results of a host's service (or, with `-`, of the host) as `(time, state, type, attempt)`.
    pub(super) fn results(&self, host: &str, service: &str) -> Vec<(u64, &str, &str, &str)> {
        self.events
            .iter()
            .filter_map(|event| {
                let (state, kind, attempt) = event.result_of(host, service)?;
                Some((event.at, state, kind, attempt))
            })
            .collect()
    }

    /// When it turned HARD for the first time, if it did.
    pub(super) fn hard(&self, host: &str, service: &str) -> Option<u64> {
        let results = self.results(host, service);
        let bad = |(_, state, kind, _): &&(u64, &str, &str, &str)| {
            *kind == "HARD" && !matches!(*state, "OK" | "UP")
        };
        results.iter().find(bad).map(|(at, ..)| *at)
    }

    pub(super) fn calls_for(&self, host: &str, service: &str) -> Vec<Call> {
        self.calls.iter().filter(|call| call.is_about(host, service)).cloned().collect()
    }

    /// Everything that was called for a host.
    pub(super) fn calls_on(&self, host: &str) -> Vec<Call> {
        self.calls.iter().filter(|call| call.value("--host") == host).cloned().collect()
    }

    pub(super) fn all_calls(&self) -> &[Call] {
        &self.calls
    }

    /// When the engine notified anybody of a host or its services.
    pub(super) fn notified(&self, host: &str) -> Vec<u64> {
        let about = |event: &&Event| {
            event.kind.ends_with("NOTIFICATION") && event.fields.get(1).is_some_and(|it| it == host)
        };
        self.events.iter().filter(about).map(|event| event.at).collect()
    }

    pub(super) fn mails_on(&self, host: &str) -> Vec<&str> {
        let on = self.mails.iter().filter(|mail| mail.words().contains(&host));
        on.map(|mail| mail.subject.as_str()).collect()
    }

    /// How many mails of a kind, such as PROBLEM, are about this service (or with `-` about the host).
    pub(super) fn mails_about(&self, host: &str, service: &str, kind: &str) -> usize {
        let about = |mail: &&Mail| {
            let words = mail.words();
            let named = if service == "-" {
                words.contains(&"DOWN") || words.contains(&"UP")
            } else {
                words.contains(&service)
            };
            named && words.contains(&host) && words.contains(&kind)
        };
        self.mails.iter().filter(about).count()
    }

    /// Claims that exactly these mails came about something.
    pub(super) fn claim_mails(
        &mut self,
        (host, service): (&str, &str),
        problems: usize,
        recoveries: usize,
    ) {
        for (kind, wanted) in [("PROBLEM", problems), ("RECOVERY", recoveries)] {
            let count = self.mails_about(host, service, kind);
            let what = format!("{host} {service}: {count} mails of {kind}, not {wanted}");
            self.claim(count == wanted, what);
        }
    }

    /// Claims that calls about something are complete: each would pass every guard of recovery at its time. `machines` is what
    /// was generated for recovery.
    pub(super) fn claim_calls(
        &mut self,
        (host, service): (&str, &str),
        least: usize,
        machines: &Path,
    ) {
        let calls = self.calls_for(host, service);
        let count = calls.len();
        self.claim(count >= least, format!("{host} {service}: {count} calls, not {least}"));
        for call in calls {
            let hole = call.args.iter().find(|it| it.is_empty() || it.contains('$'));
            self.claim(hole.is_none(), format!("an empty value in {:?}", call.args));
            let mut args = call.as_of_now();
            // Without a ledger: the first call would act, and a later one arms.
            args.extend(
                ["--dry-run", "--ledgers", "/nonexistent", "--machines"].map(str::to_owned),
            );
            args.push(machines.display().to_string());
            let ran = run(env!("CARGO_BIN_EXE_recover_service"), &args);
            let passed = ran.code == 0;
            self.claim(passed, format!("{host} {service}: {} on {:?}", ran.first(), call.args));
        }
    }
}
