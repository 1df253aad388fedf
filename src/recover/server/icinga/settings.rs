//! Where the API is, and who asks.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use nix::unistd::geteuid;
use serde::Deserialize;
use ureq::http::Uri;

use super::Api;
use crate::recover::server::secret;

/// The port of Icinga's API.
const PORT: u16 = 5665;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Such as `https://localhost:5665`.
    url: String,
    user: String,
    password_file: PathBuf,
    /// The authority of Icinga's certificates.
    ca: PathBuf,
    /// The name in the engine's certificate, where it is not the one in `url`.
    #[serde(default)]
    name: Option<String>,
}

impl Api {
    /// Reads the settings; there is no API where there are none.
    ///
    /// # Errors
    /// They can not be used, or somebody else can change them.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        match File::open(path) {
            Ok(file) => {
                Self::of(file).map(Some).with_context(|| format!("cannot use {}", path.display()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn of(file: File) -> Result<Self> {
        let data = file.metadata()?;
        let owned = data.uid() == 0 || data.uid() == geteuid().as_raw();
        // Whoever changes it gets the password.
        ensure!(data.is_file() && owned && data.mode() & 0o022 == 0, "others can change it");
        let mut text = Vec::new();
        file.take(64 * 1024).read_to_end(&mut text)?;
        let settings: Settings = serde_json::from_slice(&text)?;
        let uri: Uri = settings.url.parse().context("url can not be understood")?;
        ensure!(uri.scheme_str() == Some("https"), "url {:?} is not https", settings.url);
        ensure!(matches!(uri.path(), "" | "/"), "url {:?} has a path", settings.url);
        let host = uri.host().context("url names no host")?;
        let address = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        ensure!(!settings.user.contains(':'), "user {:?} has a colon", settings.user);
        let password = secret::read(&settings.password_file)?;
        Ok(Self {
            port: uri.port_u16().unwrap_or(PORT),
            name: settings.name.unwrap_or_else(|| address.clone()),
            address,
            ca: settings.ca,
            credentials: BASE64_STANDARD.encode(format!("{}:{password}", settings.user)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recover::server::secret::tests::write;

    fn read(text: &str, mode: u32) -> Result<Option<Api>> {
        let folder = tempfile::tempdir().unwrap();
        let (settings, password) = (folder.path().join("api.json"), folder.path().join("password"));
        write(&password, "secret\n", 0o600);
        write(&settings, &text.replace("PASSWORD", &password.display().to_string()), mode);
        Api::read(&settings)
    }

    const GOOD: &str =
        r#"{"url":"https://[::1]","user":"firstaid","password_file":"PASSWORD","ca":"/ca.pem"}"#;

    #[test]
    fn settings_name_the_engine_and_who_asks() {
        let api = read(GOOD, 0o644).unwrap().unwrap();
        let place = (api.address.as_str(), api.port, api.name.as_str());
        assert_eq!(place, ("::1", 5665, "::1"));
        assert_eq!(api.credentials, BASE64_STANDARD.encode("firstaid:secret"));
        assert!(Api::read(Path::new("/nonexistent/api.json")).unwrap().is_none());
    }

    #[test]
    fn settings_that_are_not_safe_or_not_clear_are_not_used() {
        let cases = [
            GOOD.replace("https", "http"),
            GOOD.replace("[::1]", "x/v1"),
            GOOD.replace("https://[::1]", ""),
            GOOD.replace("\"firstaid\"", "\"a:b\""),
            GOOD.replace("PASSWORD", "/nonexistent"),
            GOOD.replace("user", "name"),
            GOOD.replace('}', ",\"insecure\":true}"),
            "[]".to_owned(),
            String::new(),
        ];
        for text in cases {
            assert!(read(&text, 0o644).is_err(), "{text}");
        }
        assert!(read(GOOD, 0o664).is_err() && read(GOOD, 0o646).is_err());
    }
}
