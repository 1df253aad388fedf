//! Random histories, and the documented story.

use super::super::machine::tests::machine;
use super::*;
use crate::policy::Policy;

fn ssh() -> Fault {
    Fault::Service(Policy::documented().service("ssh").unwrap())
}

/// A random history: mostly every five minutes, now and then forced, late, suspended, unknown or rebooted.
fn history(seed: u64) -> Vec<Seen> {
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut time, mut attempt, mut boot, mut downtime) = (0, 0, 0, 0);
    let mut ill = false;
    let states = ["CRITICAL", "CRITICAL", "CRITICAL", "WARNING", "UNKNOWN"];
    let list = (0..300).map(|_| {
        time += match random.u32(0..10) {
            0 => random.u64(1..60),
            1 => random.u64(300..2000),
            _ => random.u64(285..=300),
        };
        ill = if ill { random.u32(0..20) > 0 } else { random.u32(0..4) == 0 };
        attempt = if ill { (attempt + 1).min(4) } else { 0 };
        downtime = if random.u32(0..15) == 0 { random.u32(0..2) } else { downtime };
        boot += u32::from(random.u32(0..12) == 0);
        let state = if ill { states[random.usize(0..states.len())] } else { "OK" };
        Seen {
            time,
            state: state.to_owned(),
            attempt: attempt.max(1),
            downtime,
            boot: boot.to_string(),
        }
    });
    list.collect()
}

#[test]
fn whatever_happens_the_brakes_hold() {
    let (mut restarts, mut reboots) = (0, 0);
    for seed in 0..400 {
        let list = history(seed);
        let steps = simulate(&machine(), ssh(), &list);
        let mut last_ok = None;
        let mut acts: Vec<(u64, Stage, Option<u64>)> = Vec::new();
        for (seen, step) in list.iter().zip(&steps) {
            if seen.state == "OK" {
                last_ok = Some(seen.time);
            }
            let Some(Decision::Act(stage)) = &step.decision else { continue };
            let what = format!("seed {seed} at {}: {stage:?}", seen.time);
            assert_eq!(seen.downtime, 0, "{what}: in a downtime");
            assert_ne!(seen.state, "UNKNOWN", "{what}: on UNKNOWN");
            assert!(seen.time - last_ok.unwrap() >= 1200 - 65, "{what}: too early");
            let again = acts.iter().any(|(_, other, ok)| other == stage && *ok == last_ok);
            assert!(!again, "{what}: twice for one fault");
            acts.push((seen.time, *stage, last_ok));
        }
        let reboot = |it: &&(u64, Stage, Option<u64>)| it.1 == Stage::Reboot;
        let times: Vec<u64> = acts.iter().filter(reboot).map(|it| it.0).collect();
        for pair in times.windows(2) {
            assert!(pair[1] - pair[0] >= 3600, "seed {seed}: two reboots in an hour");
        }
        for day in times.windows(4) {
            assert!(day[3] - day[0] >= 86_400, "seed {seed}: four reboots in a day");
        }
        restarts += acts.len() - times.len();
        reboots += times.len();
    }
    assert!(
        restarts > 1000 && reboots > 100,
        "{restarts} restarts, {reboots} reboots: too few to prove anything"
    );
}

#[test]
fn the_documented_story_reads_as_the_policy() {
    let state = |time: u64, state: &str, attempt| {
        format!(
            "{{\"time\":{time},\"state\":\"{state}\",\"attempt\":{attempt},\"boot\":\"{}\"}}\n",
            u8::from(time > 1600)
        )
    };
    let mut text = state(0, "OK", 1);
    for (number, time) in (300..=3300).step_by(300).enumerate() {
        text += &state(time, "CRITICAL", 4.min(u32::try_from(number).unwrap() + 1));
    }
    let list = read(&text).unwrap();
    let told = told(&list, &simulate(&machine(), ssh(), &list));
    insta::assert_snapshot!(told, @r"
           0  OK       attempt 1
         300  CRITICAL attempt 1
         600  CRITICAL attempt 2
         900  CRITICAL attempt 3
        1200  CRITICAL attempt 4  DO restart
        1500  CRITICAL attempt 4  DO reboot
        1800  CRITICAL attempt 4  wait: rebooted 0 s ago; it settles for 900 s
        2100  CRITICAL attempt 4  wait: rebooted 300 s ago; it settles for 900 s
        2400  CRITICAL attempt 4  wait: rebooted 600 s ago; it settles for 900 s
        2700  CRITICAL attempt 4  people: the server was rebooted, and there was no OK since
        3000  CRITICAL attempt 4  people: the server was rebooted, and there was no OK since
        3300  CRITICAL attempt 4  people: the server was rebooted, and there was no OK since
    ");
}

#[test]
fn a_list_that_is_none_is_refused() {
    assert!(read("x").is_err() && read("{\"time\":1}").is_err());
    let twice = "{\"time\":1,\"state\":\"OK\",\"attempt\":1,\"boot\":\"a\"}\n".repeat(2);
    assert!(read(&twice).unwrap_err().to_string().contains("time does not go on"));
}
