//! One monitoring server: Icinga 2, and the same story in Nagios 4.

use super::plot::{Times, play};
use super::stage::Stage;
use super::verdict::Verdict;
use crate::engine::{Engine, Setup};

/// The attempt that an engine names with a HARD state: Icinga 2 counts from the beginning again.
type HardAttempt = &'static str;

#[test]
fn icinga2_alerts_once_and_calls_for_recovery() {
    story("icinga2", Engine::icinga2, "1");
}

#[test]
fn nagios4_alerts_once_and_calls_for_recovery() {
    story("nagios", Engine::nagios4, "4");
}

fn story(folder: &str, start: fn(&Setup) -> Engine, attempt: HardAttempt) {
    Stage::run(|stage| {
        let (engine, times) = play(stage, folder, start);
        let mut verdict = Verdict::on(&engine, &stage.sink, &stage.plugins);
        let machines = stage.generated("recovery/machines.jsonl");
        a_daemon_that_died(&mut verdict, times, attempt);
        a_suspended_server(&mut verdict, times);
        pings(&mut verdict);
        for (host, service, least) in
            [("web1", "ssh", 3), ("web3", "ftp", 1), ("dark", "-", 1), ("slow", "-", 1)]
        {
            verdict.claim_calls((host, service), least, &machines);
        }
        resources(&mut verdict);
        verdict.end();
    });
}

fn a_daemon_that_died(verdict: &mut Verdict, times: Times, attempt: HardAttempt) {
    let results = verdict.results("web1", "ssh");
    let after = results.iter().filter(|(at, ..)| *at >= times.fault);
    let failures: Vec<_> =
        after.take(4).map(|(_, state, kind, count)| (*state, *kind, *count)).collect();
    let wanted = [
        ("CRITICAL", "SOFT", "1"),
        ("CRITICAL", "SOFT", "2"),
        ("CRITICAL", "SOFT", "3"),
        ("CRITICAL", "HARD", attempt),
    ];
    let what = format!("web1 ssh: {failures:?}");
    verdict.claim(failures == wanted, what);
    verdict.claim_mails(("web1", "ssh"), 1, 0);
    let (hard, calls) = (verdict.hard("web1", "ssh"), verdict.calls_for("web1", "ssh"));
    if let (Some(hard), Some(call)) = (hard, calls.first()) {
        let late = call.at.abs_diff(hard);
        verdict.claim(late <= 60, format!("the first call comes {late} s after HARD"));
    }
    verdict.claim(verdict.mails_on("web2").len() == 1, "web2 has another fault than its load");
}

fn a_suspended_server(verdict: &mut Verdict, times: Times) {
    let hard = verdict.hard("web3", "ftp");
    let inside = hard.is_some_and(|at| at < times.downtime_over);
    verdict.claim(inside, format!("web3 ftp is HARD at {hard:?}, not in its downtime"));
    let calls = verdict.calls_on("web3").into_iter().map(|call| call.at);
    let all = calls.chain(verdict.notified("web3"));
    let early: Vec<u64> = all.filter(|at| *at < times.downtime_over).collect();
    verdict.claim(early.is_empty(), format!("web3 is not silent in its downtime: {early:?}"));
    // It is still ill afterwards.
    verdict.claim_mails(("web3", "ftp"), 1, 0);
}

fn pings(verdict: &mut Verdict) {
    for service in ["-", "ping-warning"] {
        let hard = verdict.hard("mixed", service);
        verdict.claim(hard.is_none(), format!("mixed {service}: HARD at {hard:?}"));
    }
    let mixed = verdict.results("mixed", "ping-warning").len();
    verdict.claim(mixed >= 6, format!("only {mixed} results of alternating pings"));
    verdict.claim(verdict.mails_on("mixed").is_empty(), "mails about alternating pings");
    verdict.claim(verdict.calls_on("mixed").is_empty(), "calls for alternating pings");
    verdict.claim_mails(("dark", "-"), 1, 1);
    verdict.claim_mails(("slow", "ping-warning"), 1, 1);
}

fn resources(verdict: &mut Verdict) {
    for host in ["web1", "web2"] {
        let hard = verdict.hard(host, "load");
        verdict.claim(hard.is_some(), format!("{host} load never became HARD"));
        verdict.claim_mails((host, "load"), 1, 0);
    }
    let named = |call: &&crate::engine::Call| {
        ["load", "disk", "mem"].contains(&call.value("--service")) || call.value("--host") == "web2"
    };
    let wrong: Vec<_> = verdict.all_calls().iter().filter(named).cloned().collect();
    verdict.claim(wrong.is_empty(), format!("calls for a resource: {wrong:?}"));
}
