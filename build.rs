//! Turns the policy table into Rust constants, so that no plugin pays for parsing TOML at its start.
//!
//! The structs below mirror those of `src/policy/mod.rs` field by field; their `Debug` output is the Rust literal.
//! A row with an unknown key, a missing one or a wrong type stops the build with its line.

#![expect(dead_code, reason = "fields are read by Debug, which prints the code")]
#![expect(clippy::panic, reason = "a build script fails by panicking")]

use std::collections::BTreeMap;
use std::{env, fs, path::Path};

use serde::Deserialize;

const TABLE: &str = "src/policy/policy.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    version: String,
    source: String,
    plans: BTreeMap<String, Title>,
    schedule: Schedule,
    timeouts: Timeouts,
    recovery: Recovery,
    suspension: Suspension,
    icmp: Icmp,
    service: Vec<Service>,
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    title: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedule {
    check_interval: u32,
    retry_interval: u32,
    max_attempts: u32,
    recovery_after: u32,
    stage_waits: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timeouts {
    host_check: u32,
    nrpe: u32,
    engine: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recovery {
    slack: u32,
    late: u32,
    natural: u32,
    settle: u32,
    young: u32,
    hour: u32,
    day: u32,
    reboots_per_hour: u32,
    reboots_per_day: u32,
    restarts_per_day: u32,
    reboot_proof: u32,
    under_way: u32,
    spare_waits: u32,
    storm_reboots: u32,
    storm_window: u32,
    storm_share: u32,
    storm_least: u32,
    storm_calm: u32,
    lock_wait: u32,
    stop: u32,
    stop_database: u32,
    answer: u32,
    answer_database: u32,
    hold: u32,
    probe: u32,
    power_status: u32,
    power_switch: u32,
    power_rest: u32,
    power_tries: u32,
    evidence: u32,
    evidence_kib: u32,
    dead_man: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suspension {
    opens: String,
    closes: String,
    weekdays: String,
    holidays: String,
    holidays_until: i16,
    time_zone: String,
    longest_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Icmp {
    packets: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    name: String,
    port: u16,
    check: String,
    no_answer: u32,
    #[serde(default)]
    slow: ByPlan<Option<Bound>>,
    #[serde(default)]
    imperfect: ByPlan<Status>,
    #[serde(default)]
    with_port: ByPlan<Option<u16>>,
    restart: Restart,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restart {
    none: String,
    plesk: String,
    webmin: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    subject: String,
    metric: String,
    unit: String,
    #[serde(flatten)]
    bounds: ByPlan<Bounds>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Bounds {
    warning: Option<Bound>,
    critical: Option<Bound>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ByPlan<T> {
    core2duo: T,
    #[serde(rename = "corei5-xeon")]
    corei5_xeon: T,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Bound {
    From(f64),
    Above(f64),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    #[default]
    Ok,
    Warning,
    Critical,
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={TABLE}");
    link_script();
    let text =
        fs::read_to_string(TABLE).unwrap_or_else(|error| panic!("cannot read {TABLE}: {error}"));
    let table: Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{TABLE}: {error}"));
    let title = |plan: &str| {
        let row = table.plans.get(plan).unwrap_or_else(|| panic!("{TABLE}: no plan {plan}"));
        row.title.clone()
    };
    let titles = ByPlan { core2duo: title("core2duo"), corei5_xeon: title("corei5-xeon") };
    let code = format!(
        "Policy {{ version: {:?}, source: {:?}, titles: {titles:?}, schedule: {:?}, timeouts: {:?}, \
         recovery: {:?}, suspension: {:?}, icmp_packets: {}, services: &{:?}, rules: &{:?} }}",
        table.version,
        table.source,
        table.schedule,
        table.timeouts,
        table.recovery,
        table.suspension,
        table.icmp.packets,
        table.service,
        table.rule
    );
    let out = env::var_os("OUT_DIR").unwrap_or_else(|| panic!("cargo sets OUT_DIR"));
    let file = Path::new(&out).join("policy.rs");
    fs::write(&file, code)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
}

/// Hands the linker script of the shipped programs to the linker.
fn link_script() {
    const SCRIPT: &str = "packaging/start.ld";
    println!("cargo::rerun-if-changed={SCRIPT}");
    let variable = |name| env::var(name).unwrap_or_default();
    if variable("CARGO_CFG_TARGET_ENV") == "musl" && variable("CARGO_CFG_TARGET_ARCH") == "x86_64" {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}/{SCRIPT}", variable("CARGO_MANIFEST_DIR"));
    }
}
