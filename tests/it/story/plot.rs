//! What happens, and when.

use super::stage::Stage;
use crate::engine::{Engine, Setup};
use crate::server::wait_until;

/// Five minutes are ten seconds.
const SPEED: u32 = 30;
/// Until every object was checked once, in the engine's minutes.
const FIRST_CHECKS: u32 = 40;
/// How long the suspended server is suspended: until after its service has become HARD.
const DOWNTIME: u32 = 27;
/// How long the story goes on after that: time for a notification, and for one more call.
const AFTERWARDS: u32 = 13;

/// Times of a story, in seconds since 1970 by the engine's clock.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) fault: u64,
    pub(super) downtime_over: u64,
}

/// Starts an engine, waits until all is well, lets everything fail at once, and looks on.
pub(super) fn play(
    stage: &mut Stage,
    folder: &str,
    start: fn(&Setup) -> Engine,
) -> (Engine, Times) {
    let config = stage.generated(folder);
    let setup =
        Setup { config: &config, plugins: stage.plugins.dir(), speed: SPEED, sink: &stage.sink };
    let engine = start(&setup);
    all_is_well(&engine);
    let times = faults(stage, &engine);
    let end = times.downtime_over + u64::from(AFTERWARDS) * 60;
    let limit = engine.clock().minutes(2 * (DOWNTIME + AFTERWARDS));
    assert!(wait_until(limit, || engine.clock().since_1970() >= end), "the clock stands still");
    (engine, times)
}

fn all_is_well(engine: &Engine) {
    let unwell = || {
        let objects = engine.objects().into_iter().filter(|object| !object.is_ok());
        let text =
            objects.map(|object| format!("{}: {}", object.name(), object.value("plugin_output")));
        text.collect::<Vec<String>>()
    };
    let well = wait_until(engine.clock().minutes(FIRST_CHECKS), || {
        // Two servers with everything, one with FTP, and three that are only reached by ping.
        engine.objects().len() == 2 * 15 + 3 + 3 * 2 && unwell().is_empty()
    });
    let count = engine.objects().len();
    assert!(well, "not well, of {count}:\n{}\n{}", unwell().join("\n"), engine.output());
}

fn faults(stage: &mut Stage, engine: &Engine) -> Times {
    let fault = engine.clock().since_1970();
    let downtime_over = fault + u64::from(DOWNTIME) * 60;
    stage.suspend("web3", downtime_over, engine);
    let in_downtime = || {
        let objects = engine.objects();
        let suspended = |object: &&crate::engine::Object| {
            object.name().starts_with("web3")
                && !matches!(object.value("scheduled_downtime_depth"), "" | "0")
        };
        objects.iter().filter(suspended).count() == 3
    };
    assert!(wait_until(engine.clock().minutes(10), in_downtime), "no downtime:\n{}", engine.log());
    stage.kill("ftp of web3");
    stage.kill("ssh of web1");
    stage.plugins.load("50.00");
    stage.plugins.ping("127.0.0.11", &"WC".repeat(50));
    stage.plugins.ping("127.0.0.12", "CCCCCCO");
    stage.plugins.ping("127.0.0.13", "WWWWWWO");
    Times { fault, downtime_over }
}
