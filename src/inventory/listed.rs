//! The services that a host lists, with their tables.

use std::collections::BTreeMap;

use toml::Spanned;

use super::watched::{Layer, Overrides, StatusRules, Watched};
use super::{Refused, refused};
use crate::policy::Policy;

/// What a host says about its services.
pub(super) struct Listed<'a> {
    pub(super) names: &'a [Spanned<String>],
    pub(super) tables: &'a BTreeMap<Spanned<String>, Spanned<Overrides>>,
    pub(super) layer: Option<&'a Spanned<u8>>,
    pub(super) status: StatusRules,
}

impl Listed<'_> {
    /// The watched services in the policy's order, each with its overrides.
    pub(super) fn read(&self) -> Result<Vec<Watched>, Refused> {
        self.names_are_known()?;
        if let Some(layer) = self.layer
            && !self.names.iter().any(|name| name.get_ref() == "http")
        {
            let reason = "http_layer has no effect without service http: add it, or remove the key";
            return Err(refused(&layer.span(), reason));
        }
        let mut watched = Vec::with_capacity(self.names.len());
        for service in Policy::documented().services {
            let Some(listed) = self.names.iter().find(|it| it.get_ref() == service.name) else {
                continue;
            };
            let own = self.tables.iter().find(|(name, _)| name.get_ref() == service.name);
            let mut one = Watched::of(service);
            one.status = self.status;
            if service.name == "http"
                && let Some(layer) = self.layer
            {
                one.layer = Layer::from_number(*layer.get_ref())
                    .map_err(|reason| refused(&layer.span(), reason))?;
            }
            watched.push(one.overridden(own.map(|(_, own)| own), &listed.span())?);
        }
        Ok(watched)
    }

    fn names_are_known(&self) -> Result<(), Refused> {
        let documented = Policy::documented().services;
        for (number, service) in self.names.iter().enumerate() {
            let name = service.get_ref();
            if !documented.iter().any(|known| known.name == name) {
                let names: Vec<&str> = documented.iter().map(|known| known.name).collect();
                let reason = format!("unknown service {name:?}: one of {}", names.join(", "));
                return Err(refused(&service.span(), reason));
            }
            if self.names.iter().take(number).any(|earlier| earlier.get_ref() == name) {
                let reason = format!("service {name} stands twice: remove one");
                return Err(refused(&service.span(), reason));
            }
        }
        for name in self.tables.keys() {
            if !self.names.iter().any(|service| service.get_ref() == name.get_ref()) {
                let reason = format!(
                    "service {} is not among the host's services: add it there, or remove its table",
                    name.get_ref()
                );
                return Err(refused(&name.span(), reason));
            }
        }
        Ok(())
    }
}
