//! What a person asks of a drill.

/// Plays whole stories with real hosts and a real Icinga, tells what is seen and done, and judges
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "drill")]
pub(crate) struct Options {
    /// Names of stories; all of them where there is none
    pub(crate) stories: Vec<String>,
    /// How many runs in a row
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// The short form: what a change has to pass
    #[arg(long)]
    pub(crate) short: bool,
}
