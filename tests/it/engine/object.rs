//! The state of every host and service, from the status file that both engines write.

use std::collections::BTreeMap;

/// One host or service.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    values: BTreeMap<String, String>,
}

impl Object {
    /// Hosts and services of a status file; one that is being written has fewer of them.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        let blocks = text.split("status {\n").skip(1);
        let bodies = blocks.map(|block| block.split("\n\t}").next().unwrap_or_default());
        let values = |body: &str| {
            let pairs = body.lines().filter_map(|line| line.trim().split_once('='));
            pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
        };
        let objects = bodies.map(|body| Self { values: values(body) });
        objects.filter(|object| !object.value("host_name").is_empty()).collect()
    }

    /// A value by its name in the file; empty when it is not there.
    pub(crate) fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// `web1` or `web1!ssh`.
    pub(crate) fn name(&self) -> String {
        let (host, service) = (self.value("host_name"), self.value("service_description"));
        if service.is_empty() { host.to_owned() } else { format!("{host}!{service}") }
    }

    /// Whether it was checked, and found well.
    pub(crate) fn is_ok(&self) -> bool {
        self.value("has_been_checked") == "1" && self.value("current_state") == "0"
    }
}
