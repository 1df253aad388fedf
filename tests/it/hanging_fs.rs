//! A file system whose answers come late or never, like one of a server that is gone, and the
//! private mounts it lives in.
//!
//! Whoever asks it stays in the kernel, beyond the reach of any signal, until the file system is
//! stopped; so the test process itself must never ask. It also must not be asked by the way:
//! nothing here takes a `stat` of the mount point.

mod mounts;
mod protocol;
mod selftest;
mod server;

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::namespace::Namespace;
pub(crate) use mounts::{Image, Mounts, hostile_names};
pub(crate) use protocol::{Operation, Usage};
pub(crate) use server::Mode;
use server::Server;

/// Where the kernel shows its FUSE connections.
const CONNECTIONS: &str = "/sys/fs/fuse/connections";

/// One mounted file system. It is stopped when this is dropped, and whoever it kept waiting gets an
/// error.
pub(crate) struct HangingFs {
    namespace: Arc<Namespace>,
    point: PathBuf,
    connection: u32,
    server: Option<Server>,
}

impl HangingFs {
    fn mount(namespace: &Arc<Namespace>, point: &Path, source: &str, mode: Mode) -> Self {
        let device = File::options()
            .read(true)
            .write(true)
            .open("/dev/fuse")
            .expect("cannot open /dev/fuse");
        let options =
            format!("fd={},rootmode=40000,user_id=0,group_id=0,allow_other", device.as_raw_fd());
        let connection = namespace.inside(|| {
            // EBUSY: it is there already.
            let connections = mount(
                Some("fusectl"),
                CONNECTIONS,
                Some("fusectl"),
                MsFlags::empty(),
                None::<&str>,
            );
            assert!(
                matches!(connections, Ok(()) | Err(Errno::EBUSY)),
                "cannot mount {CONNECTIONS}: {connections:?}"
            );
            mount(
                Some(source),
                point,
                Some("fuse.hanging"),
                MsFlags::empty(),
                Some(options.as_str()),
            )
            .expect("cannot mount");
            connection_of(point)
        });
        Self {
            namespace: Arc::clone(namespace),
            point: point.to_owned(),
            connection,
            server: Some(Server::start(device, mode)),
        }
    }

    /// Where it is mounted.
    pub(crate) fn point(&self) -> &Path {
        &self.point
    }

    /// Changes how later requests are answered; callers that hang go on hanging.
    pub(crate) fn set(&self, mode: Mode) {
        self.server().set(mode);
    }

    /// Waits until somebody asks for this, at most ten seconds.
    ///
    /// # Panics
    /// When nobody does.
    pub(crate) fn wait_for(&self, operation: Operation) {
        assert!(
            self.server().was_asked(operation, Duration::from_secs(10)),
            "nobody asked for {operation:?}"
        );
    }

    /// How often somebody has asked for this.
    pub(crate) fn count(&self, operation: Operation) -> usize {
        self.server().count(operation)
    }

    /// Frees all callers with an error. The mount stays, and fails at once from now on
    /// (`ENOTCONN`).
    pub(crate) fn stop(&mut self) {
        if self.server.is_none() {
            return;
        }
        let abort = format!("{CONNECTIONS}/{}/abort", self.connection);
        let aborted = self.namespace.inside(|| fs::write(abort, "1"));
        // Closing the last /dev/fuse aborts the connection too, so nobody stays stuck when the
        // first way failed.
        self.server = None;
        if let Err(error) = aborted {
            assert!(
                std::thread::panicking(),
                "cannot abort the connection {}: {error}",
                self.connection
            );
        }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("the file system has been stopped")
    }
}

impl Drop for HangingFs {
    fn drop(&mut self) {
        self.stop();
        // It may have been unmounted by the test.
        let _ = self.namespace.inside(|| umount2(&self.point, MntFlags::MNT_DETACH));
    }
}

/// The number of the connection: the minor device number of the last mount on this point, read from
/// the table of mounts, which asks nobody.
fn connection_of(point: &Path) -> u32 {
    let table = fs::read("/proc/thread-self/mountinfo").expect("cannot read the table of mounts");
    let escaped = escaped(point.as_os_str().as_bytes());
    let lines = table.rsplit(|byte| *byte == b'\n');
    let mut mounts = lines.map(|line| line.split(|byte| *byte == b' ').collect::<Vec<_>>());
    let mount = mounts.find(|fields| fields.get(4) == Some(&escaped.as_slice()));
    let mount = mount.expect("the mount is in the table");
    let device = String::from_utf8_lossy(mount[2]);
    device.split(':').nth(1).and_then(|minor| minor.parse().ok()).expect("a device has two numbers")
}

/// A path as the table of mounts spells it.
fn escaped(path: &[u8]) -> Vec<u8> {
    path.iter()
        .flat_map(|byte| {
            if b" \t\n\\".contains(byte) {
                format!("\\{byte:03o}").into_bytes()
            } else {
                vec![*byte]
            }
        })
        .collect()
}
