//! One run: servers and hosts are made, the stories are told side by side, and judged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::guest::Guest;
use crate::monitor::Monitor;
use crate::options::Options;
use crate::run::side_by_side;
use crate::seen::{Timeline, What};
use crate::server::wait_until;
use crate::stories::ALL;
use crate::story::{Scene, Server, Story};
use crate::verdict::{Run, judge};
use crate::watch::Watch;

/// Plays the stories that are wanted.
pub(crate) fn play(options: &Options) -> Run {
    let timeline = Timeline::new();
    let wanted = |story: &&&Story| {
        let named = options.stories.iter().any(|name| name == story.name());
        named || options.stories.is_empty() && (story.short || !options.short)
    };
    let stories: Vec<&Story> = ALL.iter().filter(wanted).copied().collect();
    let mut servers: Vec<Vec<&Story>> = Vec::new();
    let (shared, own): (Vec<_>, Vec<_>) =
        stories.iter().copied().partition(|story| story.server == Server::Shared);
    servers.extend((!shared.is_empty()).then_some(shared));
    servers.extend(own.into_iter().map(|story| vec![story]));
    let stages: Vec<(Monitor, Vec<&Story>)> = servers
        .into_iter()
        .map(|stories| {
            let guests: Vec<Guest> =
                stories.iter().flat_map(|story| story.guests).copied().collect();
            (Monitor::make(&guests), stories)
        })
        .collect();
    let hosts = stages.iter().map(|(monitor, _)| monitor.hosts.len()).sum::<usize>();
    for story in stages.iter().flat_map(|(_, stories)| stories) {
        timeline.add(story.name(), What::Story, story.about);
    }
    let (stories, engines) = (stories.len(), stages.len());
    let text = format!("boots {hosts} hosts for {stories} stories, watched by {engines} Icinga 2");
    timeline.add("", What::Drill, text);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| watch(&stages, &timeline, &over));
        // A story that panics ends the drill, too.
        let _end = End(&over);
        tell(&stages, &timeline);
    });
    let judged = stages.iter().flat_map(|(monitor, stories)| {
        stories.iter().flat_map(|story| judge(story, monitor)).collect::<Vec<_>>()
    });
    let judged = judged.collect();
    drop(stages);
    Run { took: timeline.elapsed(), judged }
}

/// Tells the watch that all is over.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn watch(stages: &[(Monitor, Vec<&Story>)], timeline: &Timeline, over: &AtomicBool) {
    let mut watches: Vec<Watch> = stages.iter().map(|_| Watch::default()).collect();
    wait_until(Duration::from_hours(1), || {
        // What happened before the end is still read.
        let last = over.load(Ordering::SeqCst);
        for ((monitor, _), watch) in stages.iter().zip(&mut watches) {
            watch.look(monitor, timeline);
        }
        thread::park_timeout(Duration::from_millis(100));
        last
    });
}

fn tell(stages: &[(Monitor, Vec<&Story>)], timeline: &Timeline) {
    let hosts: Vec<_> =
        stages.iter().flat_map(|(monitor, _)| monitor.hosts.iter().map(|(_, host)| host)).collect();
    side_by_side(&hosts, |host| host.power_on());
    side_by_side(stages, |(monitor, stories)| {
        monitor.start();
        let scenes: Vec<Scene> =
            stories.iter().map(|story| Scene { story, monitor, timeline }).collect();
        side_by_side(&scenes, |scene| (scene.story.plot)(scene));
    });
}
