//! What people do while something has failed, to the engine or by it.

use super::{KILL, TOLD, comes_to, guest};
use crate::rig::Kind;
use crate::seen::What;
use crate::story::{Acts, Expected, Scene, Server, Story};

pub(super) const SUSPENDED: Story = Story {
    about: "a fault within a suspension lasts past its end",
    server: Server::Shared,
    short: false,
    guests: &[guest("suspended", Kind::Sysv)],
    plot: |scene| {
        let now = jiff::Timestamp::now().to_string();
        let why = ["--why", "new disk", "--override-deadline"];
        operator(scene, &[&["suspend", scene.story.name(), "--from", &now], &why[..]].concat());
        scene.sees(What::Check, "ftp: suspension started");
        scene.does("kills vsftpd", KILL);
        scene.sees(What::Check, "ftp CRITICAL (HARD)");
        scene.passes(2);
        operator(scene, &[&["resume", scene.story.name()], &why[..]].concat());
        scene.ends();
    },
    expected: comes_to(Acts { restarts: 1, ..TOLD }),
};

pub(super) const ACKNOWLEDGED: Story = Story {
    about: "a fault that a person has taken over",
    server: Server::Shared,
    short: true,
    guests: &[guest("taken", Kind::Sysv)],
    plot: |scene| {
        scene.does("kills vsftpd", KILL);
        scene.sees(What::Check, "ftp CRITICAL (2 of 4)");
        scene.says("acknowledges the fault");
        scene.orders(&format!(
            "ACKNOWLEDGE_SVC_PROBLEM;{};ftp;2;0;0;operator;mine",
            scene.story.name()
        ));
        scene.passes(8);
    },
    expected: comes_to(Acts { alerts: 0, ends: 0, ..TOLD }),
};

pub(super) const FORCED: Story = Story {
    about: "checks and a notification forced by hand",
    server: Server::Shared,
    short: true,
    guests: &[guest("forced", Kind::Sysv)],
    plot: |scene| {
        let host = scene.story.name();
        scene.does("kills vsftpd", KILL);
        for attempt in ["(1 of 4)", "(2 of 4)", "(3 of 4)", "(HARD)"] {
            let now = scene.monitor.with_engine(|engine| engine.clock().since_1970());
            scene.says("checks at once");
            scene.orders(&format!("SCHEDULE_FORCED_SVC_CHECK;{host};ftp;{now}"));
            scene.sees(What::Check, attempt);
        }
        scene.sees(What::Refusal, "long enough");
        scene.says("sends a notification by force");
        scene.orders(&format!("SEND_CUSTOM_SVC_NOTIFICATION;{host};ftp;2;operator;look"));
        scene.ends();
    },
    expected: Expected {
        acts: Acts { restarts: 1, ..TOLD },
        guards: &["long enough", "kind of call"],
        // After a notification by force Icinga 2.13 may alert again.
        people: 0,
        repeats: 1,
    },
};

pub(super) const ENGINE: Story = Story {
    about: "Icinga is reloaded, killed and started between the stages",
    server: Server::Own,
    short: false,
    guests: &[guest("engine", Kind::Sysv)],
    plot: |scene| {
        scene.does(
            "kills vsftpd, and keeps it from starting until the next boot",
            &format!("touch /run/stuck; {KILL}"),
        );
        scene.sees(What::Check, "ftp CRITICAL (2 of 4)");
        scene.says("reloads Icinga");
        scene.monitor.with_engine(|engine| engine.reload());
        scene.sees(What::Act, "restart");
        scene.says("kills Icinga, and starts it again");
        scene.monitor.inside(|| {
            scene.monitor.with_engine(|engine| {
                engine.kill();
                engine.start_again();
            });
        });
        scene.ends();
    },
    // What the engine had not saved before the kill it finds again, and may tell again.
    expected: Expected { repeats: 1, ..comes_to(Acts { restarts: 1, reboots: 1, ..TOLD }) },
};

/// What an operator does with `firstaid`, and what it says.
fn operator(scene: &Scene, words: &[&str]) {
    scene.says(&format!("firstaid {}", words.join(" ")));
    let (code, said) = scene.monitor.operator(words);
    let said = said.trim_end().replace('\n', "; ");
    scene.says(&format!("it ends with {code}: {said}"));
}
