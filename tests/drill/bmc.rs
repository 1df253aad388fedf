//! A management controller whose power button switches a host of the rig.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::namespace::Namespace;
use crate::rig::{Bmc, Power, Status};
use crate::server::wait_until;

/// What the device runs: it reads the lamp, or writes a wish and waits for the lamp.
const BUTTON: &str = r#"
case $1 in
    get) echo "power:$(cat state)" ;;
    set)
        echo "$3" > wish.new && mv wish.new wish
        for _ in $(seq 150); do
            [ "$(cat state)" = "$3" ] && exit 0
            sleep 0.1
        done
        exit 1 ;;
esac
"#;

/// A device with somebody who does what its button wishes, until the value is dropped.
pub(crate) struct Switch {
    bmc: Arc<Bmc>,
    over: Arc<AtomicBool>,
    hand: Option<JoinHandle<()>>,
}

impl Switch {
    /// Starts a device at a port of 127.0.0.1 in the monitoring server's network, for a host's power.
    pub(crate) fn start(network: &Namespace, port: u16, power: Power) -> Self {
        let bmc = Arc::new(Bmc::at(network.share(), port, BUTTON));
        let over = Arc::new(AtomicBool::new(false));
        let (device, ended) = (Arc::clone(&bmc), Arc::clone(&over));
        let hand = thread::spawn(move || obey(&device, &power, &ended));
        Self { bmc, over, hand: Some(hand) }
    }

    /// How often the power was taken away.
    pub(crate) fn cuts(&self) -> usize {
        self.bmc.switched().iter().filter(|line| line.ends_with("set power 0")).count()
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(hand) = self.hand.take() {
            let _ = hand.join();
        }
    }
}

/// The hand at the switch: does what is wished, and shows the lamp.
fn obey(bmc: &Bmc, power: &Power, over: &AtomicBool) {
    wait_until(Duration::from_hours(24), || {
        if let Ok(wish) = fs::read_to_string(bmc.path("wish")) {
            let _ = fs::remove_file(bmc.path("wish"));
            if wish.trim() == "1" { power.on() } else { power.off() }
        }
        let lamp = if power.status() == Status::On { "1" } else { "0" };
        fs::write(bmc.path("state.new"), lamp).expect("our own directory");
        fs::rename(bmc.path("state.new"), bmc.path("state")).expect("our own directory");
        over.load(Ordering::SeqCst)
    });
}
