use std::net::TcpListener;

use super::reach::tests::refusing;
use super::*;
use crate::recover::machine::tests::machine;

/// Only an Icinga agent is asked through the API.
const NO_API: &str = "/nonexistent/api.json";
const LIMIT: Duration = Duration::from_secs(20);

/// A client that is a shell script; it finds what is appended to its words in `$*`.
fn client(script: &str) -> Vec<String> {
    ["/bin/sh", "-c", script, "client"].map(str::to_owned).to_vec()
}

/// A server whose agent accepts connections, asked by this client.
fn asked(script: &str, want: Want, limit: Duration) -> Asked {
    let agent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = agent.local_addr().unwrap().port();
    let agent = Agent::Nrpe { words: client(script), port };
    ask(
        &Machine { address: "127.0.0.1".to_owned(), agent, ..machine() },
        Path::new(NO_API),
        want,
        limit,
    )
}

fn known() -> Told {
    Told { machine: "m".to_owned(), boot: "b".to_owned(), age: 9000, ..Told::default() }
}

/// A script that says a line, then what the server tells about itself.
fn telling(line: &str, code: i32) -> String {
    format!("echo '{line}'; echo '{}'; exit {code}", known().line())
}

#[test]
fn what_the_server_tells_comes_with_its_line_whatever_the_exit_code() {
    for code in 0..4 {
        let line = "RECOVER WARNING - refused (package lock): x";
        let asked = asked(&telling(line, code), Want::Result, LIMIT);
        assert_eq!(asked, Asked::Told { code, line: line.to_owned(), told: known() });
    }
    let noisy = format!("echo 'sudo: unable to resolve host x'; {}", telling("RECOVER OK", 0));
    let told = Asked::Told { code: 0, line: "RECOVER OK".to_owned(), told: known() };
    assert_eq!(asked(&noisy, Want::Reboot, LIMIT), told);
}

#[test]
fn the_command_is_a_name_and_nothing_else() {
    let said = format!("[ \"$*\" = \"$0\" ] || echo \"<$*>\"; {}", telling("", 0));
    let wants = [
        (Want::Restart("ssh"), "<-c firstaid_restart_ssh>"),
        (Want::Reboot, "<-c firstaid_reboot>"),
        (Want::Result, "<-c firstaid_result>"),
        (Want::Answers, "<-c firstaid_answers>"),
        (Want::Suspension(Letter::One('a')), "<-c firstaid_suspension_a>"),
    ];
    for (want, words) in wants {
        let echoing = said.replace("echo ''; ", "");
        let Asked::Told { line, .. } = asked(&echoing, want, LIMIT) else { panic!("{want:?}") };
        assert_eq!(line, words);
    }
    for name in ["load", "", "ssh; reboot", "../x"] {
        let asked = asked(&telling("", 0), Want::Restart(name), LIMIT);
        assert!(matches!(asked, Asked::Unclear(_)), "{name:?}: {asked:?}");
    }
}

#[test]
fn without_the_servers_own_words_nothing_was_accepted() {
    let cases = [
        "echo 'sudo: a password is required'; exit 1",
        "echo 'RECOVER OK - restart begun'; exit 0",
        "exit 0",
        "echo 'NRPE: Command firstaid_reboot not defined'; exit 3",
        "echo 'NRPE: Command timed out after 20 seconds'; exit 3",
        "echo 'CHECK_NRPE: Error - Could not connect to 127.0.0.1: Connection reset by peer'; exit 3",
        "echo '{\"machine\":1}'; exit 0",
        "echo 'Host key verification failed.'; exit 255",
        "kill -9 $$",
    ];
    for script in cases {
        let asked = asked(script, Want::Reboot, LIMIT);
        assert!(matches!(asked, Asked::Unclear(_)), "{script}: {asked:?}");
    }
    let missing = Agent::Local { plugins: "/nonexistent".to_owned() };
    let asked =
        ask(&Machine { agent: missing, ..machine() }, Path::new(NO_API), Want::Result, LIMIT);
    assert!(matches!(&asked, Asked::Unclear(why) if why.contains("/nonexistent")), "{asked:?}");
}

#[test]
fn a_client_that_waited_to_its_limit_or_ours_found_silence() {
    let cases = [
        "echo 'CHECK_NRPE STATE UNKNOWN: Socket timeout after 25 seconds.'; exit 3",
        "echo 'CHECK_NRPE STATE CRITICAL: Socket timeout after 25 seconds.'; exit 2",
        "echo 'Connection timed out during banner exchange'; exit 255",
        "echo 'Timeout, server 192.0.2.1 not responding.'; exit 255",
    ];
    for script in cases {
        let asked = asked(script, Want::Reboot, LIMIT);
        assert!(matches!(asked, Asked::Silent(_)), "{script}: {asked:?}");
    }
    let start = std::time::Instant::now();
    let hung = asked("sleep 1000", Want::Reboot, Duration::from_secs(2));
    assert!(matches!(hung, Asked::Silent(_)), "{hung:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_refusing_kernel_is_no_silence_and_its_client_is_not_even_started() {
    let (_own, port) = refusing();
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("started");
    let agent = Agent::Nrpe { words: client(&format!("touch {}", mark.display())), port };
    let server = Machine { address: "127.0.0.1".to_owned(), agent, ..machine() };
    let asked = ask(&server, Path::new(NO_API), Want::Reboot, LIMIT);
    assert!(matches!(asked, Asked::Refused(_)), "{asked:?}");
    assert!(!mark.exists());
}

#[test]
fn ssh_gets_one_word_that_the_accounts_shell_splits_as_meant() {
    let agent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = agent.local_addr().unwrap().port();
    let plugins = "/opt/it's here".to_owned();
    let script = format!(
        "eval \"set -- $1\"; for word; do printf '<%s>' \"$word\"; done; echo; {}",
        telling("", 0).replace("echo ''; ", "")
    );
    let agent = Agent::Ssh { words: client(&script), port, plugins };
    let server = Machine { address: "127.0.0.1".to_owned(), agent, ..machine() };
    let Asked::Told { line, .. } = ask(&server, Path::new(NO_API), Want::Restart("smtp"), LIMIT)
    else {
        panic!()
    };
    let words =
        "<sudo><-n></opt/it's here/recover_service><--act><restart><--service><smtp>".to_owned();
    assert_eq!(line, words);
}

#[test]
fn the_own_machine_is_asked_without_a_way() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("recover_service");
    std::fs::write(&program, format!("#!/bin/sh\n{}\n", telling("RECOVER OK", 0))).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let agent = Agent::Local { plugins: folder.path().display().to_string() };
    let asked = ask(&Machine { agent, ..machine() }, Path::new(NO_API), Want::Reboot, LIMIT);
    assert!(matches!(asked, Asked::Told { code: 0, .. }), "{asked:?}");
    let none = ask(
        &Machine { agent: Agent::None {}, ..machine() },
        Path::new(NO_API),
        Want::Reboot,
        LIMIT,
    );
    assert!(matches!(none, Asked::Unclear(_)));
}
