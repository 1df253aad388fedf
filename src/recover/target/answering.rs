//! Which of the documented services answer on this server itself: asked for before it is rebooted for one that is missed from
//! outside.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use super::answers;
use super::here::{Here, Verdict};
use super::past::Lock;
use super::settings::Settings;
use crate::deadline::Deadline;
use crate::policy::{Policy, Service};
use crate::recover::Told;

/// Looks at every service, side by side.
pub(super) fn told(here: &Here) -> (Verdict, Option<Told>) {
    let told = here.told(&[], Lock::Ours).and_then(|told| {
        let settings = Settings::of_machine().map_err(|it| anyhow::anyhow!(it.reason))?;
        let services = Policy::documented().services;
        let answers = all(services, |service| settings.port(service));
        Ok(Told { job: None, answers, ..told })
    });
    match told {
        Ok(told) => (Verdict::Good(text(&told.answers)), Some(told)),
        Err(error) => (Verdict::Unclear(error), None),
    }
}

fn all(
    services: &'static [Service],
    port: impl Fn(&Service) -> u16,
) -> BTreeMap<String, Option<bool>> {
    let limit = Duration::from_secs(Policy::documented().recovery.probe.into());
    thread::scope(|scope| {
        let looks: Vec<_> = services
            .iter()
            .map(|service| {
                let port = port(service);
                let look = move || answers::look(service, port, &Deadline::within(limit)).told();
                (service, scope.spawn(look))
            })
            .collect();
        // One that panics has seen nothing.
        let seen = looks
            .into_iter()
            .map(|(service, look)| (service.name.to_owned(), look.join().unwrap_or_default()));
        seen.collect()
    })
}

fn text(answers: &BTreeMap<String, Option<bool>>) -> String {
    let names: Vec<&str> =
        answers.iter().filter(|it| *it.1 == Some(true)).map(|it| it.0.as_str()).collect();
    match names.as_slice() {
        [] => "no service answers here".to_owned(),
        names => format!("answering here: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn each_service_is_looked_at_for_itself() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let pop = listener.local_addr().unwrap().port();
        thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                stream.write_all(b"+OK hi\r\n").unwrap();
                // Until the client leaves.
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
            let answers = all(Policy::documented().services, |service| {
                // Nobody listens on port 0.
                if service.name == "pop" { pop } else { 0 }
            });
            assert_eq!(answers.len(), 10);
            for (name, answer) in &answers {
                assert_eq!(*answer, Some(name == "pop"), "{name}");
            }
            assert_eq!(text(&answers), "answering here: pop");
        });
        assert_eq!(text(&BTreeMap::new()), "no service answers here");
    }
}
