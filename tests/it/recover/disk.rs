//! A disk that takes no record: nothing is done then.

use std::fs;
use std::io::Write;
use std::time::Duration;

use firstaid::deadline::Deadline;
use firstaid::recover::{Ledger, Record};
use nix::mount::{MsFlags, mount};

use super::fake::Fake;
use crate::namespace::Namespace;

fn on_a_disk_of_its_own(fake: &Fake, flags: MsFlags) {
    let target = fake.path("ledgers");
    mount(Some("tmpfs"), &target, Some("tmpfs"), flags, Some("size=16k")).expect("a small disk");
}

fn refuses(fake: &Fake, what: &str) {
    for service in ["ssh", "-"] {
        let ran = fake.call(service, 1200, &[]);
        assert!(matches!(ran.code, 1 | 3), "{what}: {}", ran.first());
        assert!(ran.first().contains("cannot"), "{what}: {}", ran.first());
    }
    assert_eq!(fake.acts(), Vec::<String>::new(), "{what}");
}

#[test]
fn a_full_disk_and_one_that_can_not_be_written_mean_that_nothing_is_done() {
    Namespace::mounts().inside(|| {
        let fake = Fake::new().with(|it| it.witnesses.gateway = Some("127.0.0.1".to_owned()));
        fs::create_dir(fake.path("ledgers")).unwrap();
        on_a_disk_of_its_own(&fake, MsFlags::empty());
        let mut filler = fs::File::create(fake.path("ledgers/filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
        refuses(&fake, "full");
        let other = Fake::new();
        fs::create_dir(other.path("ledgers")).unwrap();
        on_a_disk_of_its_own(&other, MsFlags::MS_RDONLY);
        refuses(&other, "read-only");
    });
}

#[test]
fn room_for_half_a_record_is_room_for_none() {
    Namespace::mounts().inside(|| {
        let fake = Fake::new();
        fs::create_dir(fake.path("ledgers")).unwrap();
        on_a_disk_of_its_own(&fake, MsFlags::empty());
        fake.call("ssh", 1200, &[]);
        let record = fake.records().remove(0);
        let mut ledger =
            Ledger::open(&fake.path("ledgers"), "web1", &Deadline::within(Duration::from_secs(9)))
                .unwrap();
        // First long ones, then shorter ones than any intent.
        for text in ["so many words".repeat(20), String::new()] {
            while ledger.append(Record { text: text.clone(), ..record.clone() }).is_ok() {}
        }
        let whole = ledger.records().len();
        drop(ledger);
        assert!(whole > 10, "{whole} records on a disk of 16 kB");
        assert_eq!(fake.records().len(), whole, "what did not fit has left nothing");
        let ran = fake.call("http", 1200, &[]);
        assert!(ran.code == 3 && ran.first().contains("cannot write"), "{}", ran.first());
        assert_eq!(fake.acts().len(), 1);
        // What was held back is shorter, and may still have fitted.
        assert!((whole..=whole + 1).contains(&fake.records().len()));
    });
}
