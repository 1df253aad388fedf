//! What an administrator has settled on the server itself: switches, and what differs from the policy.

use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::names::{self, Panel};
use crate::policy::{Pace, Service};
use crate::recover::{Machine, Refusal};

/// Where it stands.
pub(super) const FOLDER: &str = "/etc/firstaid";
/// Bytes of a file of settings.
const LARGEST: u64 = 64 * 1024;
/// Files by which a control panel is known; Plesk wins.
const PANELS: [(&str, Panel); 2] =
    [("/usr/local/psa/version", Panel::Plesk), ("/etc/webmin/miniserv.conf", Panel::Webmin)];

/// What differs from the policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings(Option<Machine>);

impl Settings {
    /// Reads them. A switch that is off, and whatever can not be read, refuses.
    pub(super) fn read() -> Result<Self, Refusal> {
        Self::below(Path::new(FOLDER))
    }

    fn below(folder: &Path) -> Result<Self, Refusal> {
        let off = folder.join("recovery.off");
        if present(&off).map_err(|reason| refusal("switch", reason))? {
            return Err(refusal("switch", format!("{} exists", off.display())));
        }
        let settings = Self::in_file(folder)?;
        if settings.0.as_ref().is_some_and(|machine| !machine.acts) {
            return Err(refusal("switch", "recovery of this server is off".to_owned()));
        }
        Ok(settings)
    }

    /// The same, whatever the switches say: for a look at a service.
    pub(super) fn of_machine() -> Result<Self, Refusal> {
        Self::in_file(Path::new(FOLDER))
    }

    fn in_file(folder: &Path) -> Result<Self, Refusal> {
        let machine = read(&folder.join("machine.json"));
        machine.map(Self).map_err(|reason| refusal("settings", reason))
    }

    /// How fast a drill runs.
    pub(super) fn pace(&self) -> Pace {
        self.0.as_ref().map(|machine| machine.pace).unwrap_or_default()
    }

    /// The port of a service here.
    pub(super) fn port(&self, service: &Service) -> u16 {
        self.own(service).and_then(|own| own.port).unwrap_or(service.port)
    }

    /// The unit or script that restarts a service, where it is named.
    pub(super) fn unit(&self, service: &Service) -> Option<&str> {
        self.own(service)?.unit.as_deref()
    }

    /// Whether recovery acts on a service.
    pub(super) fn acts_on(&self, service: &Service) -> bool {
        self.own(service).and_then(|own| own.acts).unwrap_or(true)
    }

    /// The control panel: the one that is named, or that is found.
    pub(super) fn panel(&self) -> Result<Panel, Refusal> {
        match self.0.as_ref().and_then(|machine| machine.panel.as_deref()) {
            Some("none") => Ok(Panel::None),
            Some("plesk") => Ok(Panel::Plesk),
            Some("webmin") => Ok(Panel::Webmin),
            Some(other) => Err(refusal("settings", format!("there is no control panel {other:?}"))),
            None => {
                let found = PANELS.iter().find(|(path, _)| Path::new(path).exists());
                Ok(found.map_or(Panel::None, |(_, panel)| *panel))
            }
        }
    }

    fn own(&self, service: &Service) -> Option<&crate::recover::Own> {
        self.0.as_ref()?.services.get(service.name)
    }
}

fn refusal(guard: &'static str, reason: String) -> Refusal {
    Refusal { guard, reason }
}

/// Whether there is a file; one that can not be looked at is a doubt.
fn present(path: &PathBuf) -> Result<bool, String> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("cannot look at {}: {error}", path.display())),
    }
}

/// Reads what is known about this machine.
fn read(path: &Path) -> Result<Option<Machine>, String> {
    let shown = path.display();
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    let machine = Machine::read(&bytes).map_err(|error| format!("{shown}: {error:#}"))?;
    let mut named = machine.services.values().filter_map(|own| own.unit.as_ref());
    match named.find(|unit| !names::is_plain(unit)) {
        Some(unit) => Err(format!("{shown}: {unit:?} is no name of a unit or script")),
        None => Ok(Some(machine)),
    }
}

/// Reads a file that nobody but root may have written.
pub(super) fn bytes(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let shown = path.display();
    let opened = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_CLOEXEC | nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {shown}: {error}")),
    };
    let about = file.metadata().map_err(|error| format!("cannot read {shown}: {error}"))?;
    if !about.is_file() || about.uid() != 0 || about.mode() & 0o022 != 0 {
        return Err(format!("{shown} is no file that root alone may write"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read {shown}: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{shown} is too large"));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recover::Own;
    use crate::recover::machine::tests::machine;
    use std::os::unix::fs::PermissionsExt;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn guard(folder: &tempfile::TempDir) -> &'static str {
        Settings::below(folder.path()).unwrap_err().guard
    }

    #[test]
    fn switches_and_whatever_can_not_be_read_refuse() {
        assert!(Settings::below(folder(&[]).path()).is_ok());
        assert_eq!(guard(&folder(&[("recovery.off", "")])), "switch");
        assert_eq!(guard(&folder(&[("machine.json", "{")])), "settings");
        let off = serde_json::to_string(&Machine { acts: false, ..machine() }).unwrap();
        assert_eq!(guard(&folder(&[("machine.json", &off)])), "switch");
    }

    #[test]
    fn settings_that_others_may_write_refuse() {
        let folder = folder(&[("machine.json", &serde_json::to_string(&machine()).unwrap())]);
        assert!(Settings::below(folder.path()).is_ok());
        let path = folder.path().join("machine.json");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        assert_eq!(guard(&folder), "settings");
        fs::rename(&path, folder.path().join("other")).unwrap();
        std::os::unix::fs::symlink("other", &path).unwrap();
        assert_eq!(guard(&folder), "settings");
    }

    #[test]
    fn a_service_may_differ_from_the_policy() {
        let http = names::service("http").unwrap();
        let own = Own { port: Some(8080), unit: Some("web".to_owned()), acts: Some(false) };
        let mut machine = machine();
        machine.services.insert("http".to_owned(), own);
        machine.panel = Some("webmin".to_owned());
        let settings = Settings(Some(machine.clone()));
        assert_eq!((settings.port(http), settings.unit(http)), (8080, Some("web")));
        assert!(!settings.acts_on(http));
        assert_eq!(settings.panel().unwrap(), Panel::Webmin);
        let plain = Settings::default();
        assert_eq!((plain.port(http), plain.unit(http), plain.acts_on(http)), (80, None, true));
        machine.panel = Some("cpanel".to_owned());
        assert!(Settings(Some(machine.clone())).panel().is_err());
        machine
            .services
            .insert("ssh".to_owned(), Own { unit: Some("-x".to_owned()), ..Own::default() });
        let folder = folder(&[("machine.json", &serde_json::to_string(&machine).unwrap())]);
        assert_eq!(guard(&folder), "settings");
    }
}
