//! Ways to write options.

use firstaid::check::Vantage;
use firstaid::policy::{Plan, Policy};

use super::form::assert_form;
use super::plugin::{Plugin, all, network};

/// The line that `-vv` adds about plan and time limit.
fn settings(plugin: &Plugin, line: &[String]) -> String {
    let line: Vec<String> = ["-vv".to_owned()].into_iter().chain(line.iter().cloned()).collect();
    let ran = plugin.run(&line);
    assert_form(plugin, &line, &ran);
    let found = ran.stdout.lines().find(|line| line.starts_with("plan ")).map(str::to_owned);
    found.unwrap_or_else(|| panic!("check_{} {line:?}: {ran:?}", plugin.name))
}

#[test]
fn values_may_be_glued_repeated_and_in_any_order() {
    let forms: [&[&str]; 7] = [
        &["-t", "7", "--plan", "corei5-xeon"],
        &["-t7", "--plan=corei5-xeon"],
        &["--timeout", "7", "--plan", "corei5-xeon"],
        &["--timeout=7", "--plan", "core2duo", "--plan", "corei5-xeon"],
        &["--plan", "corei5-xeon", "-t", "7"],
        &["-t", "1", "-t", "3", "--plan=corei5-xeon", "-t7"],
        &["-t=7", "--plan=corei5-xeon"],
    ];
    for plugin in all() {
        for form in forms {
            let found = settings(&plugin, &plugin.line(form));
            assert_eq!(found, "plan corei5-xeon, time limit 7 s", "check_{} {form:?}", plugin.name);
            let behind: Vec<String> = plugin
                .line(&[])
                .into_iter()
                .chain(form.iter().map(|it| (*it).to_owned()))
                .collect();
            assert_eq!(settings(&plugin, &behind), found, "check_{} {behind:?}", plugin.name);
        }
    }
}

#[test]
fn the_host_may_be_glued_named_at_length_or_stand_alone() {
    for plugin in network() {
        let host = plugin.target[1].clone();
        let rest = plugin.target[2..].to_vec();
        let forms = [
            vec![format!("-H{host}")],
            vec![format!("--hostname={host}")],
            vec!["--hostname".to_owned(), host.clone()],
            vec![host],
        ];
        for form in forms {
            for line in [[form.clone(), rest.clone()].concat(), [rest.clone(), form].concat()] {
                let ran = plugin.run(&line);
                assert_form(&plugin, &line, &ran);
                assert_eq!(ran.code, 0, "check_{} {line:?}: {ran:?}", plugin.name);
            }
        }
        let both = plugin.bare(&["-4", "-6", "-4"]);
        assert_eq!(plugin.run(&both).code, 0, "check_{} {both:?}", plugin.name);
    }
}

/// The documented seconds of a check, or of the service it is asked for.
fn documented(plugin: &Plugin, service: Option<&str>) -> Option<u32> {
    let policy = Policy::documented();
    if plugin.vantage == Vantage::Host {
        return Some(policy.timeouts.host_check);
    }
    let services = policy.services_of(plugin.name);
    let name = service.or_else(|| services.first().copied())?;
    Some(policy.service(name).expect("a service").no_answer)
}

#[test]
fn every_time_limit_is_the_documented_one() {
    for plugin in all() {
        let help = plugin.run(&["-h"]).stdout;
        let mut services: Vec<Option<&str>> = vec![None];
        if help.contains("--service") {
            services =
                Policy::documented().services_of(plugin.name).into_iter().map(Some).collect();
        }
        for service in services {
            for plan in Plan::ALL {
                let mut line = vec!["-vv".to_owned(), format!("--plan={}", plan.name())];
                // The time limit is told in every state: a target that is not there answers soonest.
                line.extend(plugin.missing.clone().unwrap_or_else(|| plugin.target.clone()));
                line.extend(service.map(|name| format!("--service={name}")));
                let ran = plugin.run(&line);
                let seconds = documented(&plugin, service);
                let Some(seconds) = seconds else {
                    continue;
                };
                let told = format!("\nplan {}, time limit {seconds} s\n", plan.name());
                assert!(ran.stdout.contains(&told), "check_{} {line:?}: {ran:?}", plugin.name);
            }
        }
    }
}
