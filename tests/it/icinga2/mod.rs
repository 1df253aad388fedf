//! What the generator writes for Icinga 2, read and run by the engine itself.

mod lines;
mod loads;
mod objects;
mod rig;

use std::fmt::Write;

use firstaid::config::{self, File};
use firstaid::inventory::Inventory;
use firstaid::policy::Policy;

/// The inventory that shows every key.
const EXAMPLE: &str = include_str!("../../../packaging/example/hosts.toml");

/// The files for an inventory.
fn files(text: &str) -> Vec<File> {
    config::all(Policy::documented(), &inventory(text))
}

fn inventory(text: &str) -> Inventory {
    Inventory::from_text("hosts.toml", text).unwrap_or_else(|error| panic!("{error}"))
}

/// Hosts with all services, as many as are wanted.
fn many(count: u32) -> String {
    let mut text = String::new();
    for number in 1..=count {
        let plan = if number % 2 == 0 { "core2duo" } else { "corei5-xeon" };
        let (third, fourth) = (number / 256, number % 256);
        write!(
            text,
            "[[host]]\nname = \"web{number}\"\naddress = \"10.0.{third}.{fourth}\"\nplan = \"{plan}\"\nos = \"centos\"\n\
             services = [\"ftp\", \"ssh\", \"smtp\", \"dns\", \"http\", \"pop\", \"imap\", \"https\", \"mysql\", \"postgresql\"]\n\
             [host.service.dns]\nlookup = \"www{number}.example.com\"\n"
        )
        .unwrap();
    }
    text
}
