//! Which mounts are looked at.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::limits::Limits;
use super::options::Words;
use super::order::{Choice, Wanted};
use crate::probe::disk::Mount;

/// Something to look at.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A mount that was named.
    Named(Mount),
    /// A mount that was found.
    Found(Mount),
    /// A mount of another machine that only has to answer.
    Reached(Mount),
    /// A path that is not mounted.
    Missing(Missing),
    /// A pattern that matches nothing.
    Unmatched(String),
}

/// A path that was named and is not mounted.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    pub(super) path: PathBuf,
    /// Whether it has to be.
    pub(super) required: bool,
    /// The mount on which the path lies.
    pub(super) lies_on: Option<PathBuf>,
}

impl Target {
    fn required(mut self) -> Self {
        if let Self::Missing(missing) = &mut self {
            missing.required = true;
        }
        self
    }

    /// The mount, where there is one.
    pub(super) fn mount(&self) -> Option<&Mount> {
        match self {
            Self::Named(mount) | Self::Found(mount) | Self::Reached(mount) => Some(mount),
            Self::Missing(_) | Self::Unmatched(_) => None,
        }
    }
}

/// Targets with their limits, in the order in which they were first chosen; a later choice replaces an earlier one.
pub(super) fn select(choices: &[Choice], words: &Words, mounts: &[Mount]) -> Vec<(Target, Limits)> {
    let mut selected: Vec<(Target, Limits)> = Vec::new();
    let mut places: HashMap<PathBuf, usize> = HashMap::new();
    for choice in choices {
        for target in targets(&choice.wanted, words, mounts) {
            let Some(target) = admitted(target, words) else { continue };
            let entry = (target, choice.limits);
            let place = key(&entry.0).map(|key| *places.entry(key).or_insert(selected.len()));
            match place.and_then(|place| selected.get_mut(place)) {
                Some(earlier) => *earlier = entry,
                None => selected.push(entry),
            }
        }
    }
    selected
}

fn key(target: &Target) -> Option<PathBuf> {
    match target {
        Target::Missing(missing) => Some(missing.path.clone()),
        Target::Named(_) | Target::Found(_) | Target::Reached(_) | Target::Unmatched(_) => {
            target.mount().map(|mount| mount.point.clone())
        }
    }
}

fn targets(wanted: &Wanted, words: &Words, mounts: &[Mount]) -> Vec<Target> {
    let by_type = |mount: &Mount| words.include_type.contains(&mount.kind);
    let found = |admits: &dyn Fn(&Mount) -> bool| {
        let found = once(mounts.iter().filter(|mount| admits(mount)));
        found.into_iter().cloned().map(Target::Found).collect::<Vec<_>>()
    };
    match wanted {
        Wanted::Path(path) => vec![named(path, mounts)],
        Wanted::Required(path) => vec![named(path, mounts).required()],
        Wanted::All => found(&|mount| !mount.is_pseudo() || by_type(mount)),
        Wanted::Usual if !words.include_type.is_empty() => found(&by_type),
        Wanted::Usual => {
            found(&|mount| mount.has_device() || (words.stat_remote_fs && mount.is_remote()))
        }
        Wanted::Matching(pattern) => {
            let matching = found(&|mount| {
                (!mount.is_pseudo() || by_type(mount))
                    && names(mount).any(|name| pattern.is_match(name))
            });
            let none = vec![Target::Unmatched(pattern.to_string())];
            if matching.is_empty() { none } else { matching }
        }
    }
}

/// A mount by its mount point or its device. Nothing is touched to find it.
fn named(path: &Path, mounts: &[Mount]) -> Target {
    let at = mounts.iter().find(|mount| mount.point == path);
    let of = || once(mounts.iter().filter(|mount| mount.source == path)).into_iter().next();
    if let Some(mount) = at.or_else(of) {
        return Target::Named(mount.clone());
    }
    let above = mounts.iter().filter(|mount| path.starts_with(&mount.point));
    let lies_on = above.max_by_key(|mount| mount.point.as_os_str().len());
    Target::Missing(Missing {
        path: path.to_owned(),
        required: path == Path::new("/"),
        lies_on: lies_on.map(|mount| mount.point.clone()),
    })
}

/// Each file system once: bind mounts and subvolumes show the same room again.
fn once<'a>(mounts: impl Iterator<Item = &'a Mount>) -> Vec<&'a Mount> {
    let mut chosen: Vec<&Mount> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for mount in mounts {
        let place = *places.entry(&mount.device).or_insert(chosen.len());
        match chosen.get_mut(place) {
            Some(other) if mount.rank() < other.rank() => *other = mount,
            Some(_) => {}
            None => chosen.push(mount),
        }
    }
    chosen
}

/// A target as the filters leave it, where they do.
fn admitted(target: Target, words: &Words) -> Option<Target> {
    if let Target::Missing(missing) = &target {
        let path = missing.path.as_os_str().as_bytes();
        let ignored = words.exclude_device.contains(&missing.path) || words.ignores(path);
        return (!ignored).then_some(target);
    }
    let Some(mount) = target.mount() else { return Some(target) };
    let excluded = words.exclude_device.iter().any(|it| mount.point == *it || mount.source == *it);
    let ignored = names(mount).any(|name| words.ignores(name));
    let included = words.include_type.is_empty() || words.include_type.contains(&mount.kind);
    if excluded || ignored || !included || words.exclude_type.contains(&mount.kind) {
        return None;
    }
    match (mount.is_remote(), words.stat_remote_fs, words.local) {
        (true, true, _) => Some(Target::Reached(mount.clone())),
        (true, false, true) => None,
        (_, _, _) => Some(target),
    }
}

/// What a pattern is tried on.
fn names(mount: &Mount) -> impl Iterator<Item = &[u8]> {
    [mount.point.as_os_str().as_bytes(), mount.source.as_bytes()].into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_root_has_to_be_mounted_unasked() {
        for (path, asked, required) in
            [("/", false, true), ("/home", false, false), ("/home", true, true)]
        {
            let target = named(Path::new(path), &[]);
            let target = if asked { target.required() } else { target };
            let Target::Missing(missing) = target else { panic!("{path} is not mounted") };
            assert_eq!(missing.required, required, "{path}");
        }
    }
}
